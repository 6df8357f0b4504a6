"""How long lists are that nobody pages through, and which fields are dear: what a question costs.

A point is about a value that is made: a field, or an object in a list.  A list that is paged
is as long as its `first`, `last` or `ids` say.
"""

from collections.abc import Mapping

from schema.paging import DEFAULT_SIZE, MAX_SIZE

PAGE = DEFAULT_SIZE  # of a paged list, unless it is asked for otherwise
LIST = 10  # of any other that is not named here
MOST = MAX_SIZE  # more is refused by the field itself

ASSUMED_LENGTHS: Mapping[str, int] = {
    "Course.offerings": 2,  # most are sold by one partner
    "Offering.sessions": 2,  # unless `first` is said; most courses have none
    "Institution.partners": 3,
    "CourseConnection.facets": 8,
    "Facet.buckets": 15,
    "Coverage.missing": 3,
    "Enrolment.events": 6,
    "EnrolmentReport.rows": 200,
    "EnrolmentReportRow.keys": 2,
    "PendingApprovals.nodes": 100,
}
PAGED: frozenset[str] = frozenset({"edges", "nodes", "events"})  # as long as their field's page

WEIGHTS: Mapping[str, int] = {
    "Offering.quote": 50,  # asks a partner
    "Course.descriptionHtml": 5,  # is read from the database
    "CourseConnection.facets": 50,  # counts the whole catalogue
    "Query.enrolmentReport": 500,  # counts every enrolment
}
CONNECTION = 10  # to find a page, beside what stands on it
INTROSPECTION = 20  # for each field that is asked of the schema itself
