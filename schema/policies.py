"""Who may ask for what, on one page: every field of the API has a policy, declared here.

A root field has a policy of its own, and so has each field that is public; the policy of another
type is that of all its fields.  Roots are where policies are enforced (`schema/guarding.py`).
Those of types tell how widely an answer may be shared: a type that only operators can reach is
as much theirs as the field that leads there.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from schema.model.viewer import Role, Viewer

READ_ONLY = "mitra:read"  # a token with this scope and not the next changes nothing
READ_WRITE = "mitra:write"


class Sharing(Enum):
    """For whom an answer is the same."""

    EVERYBODY = "public"
    ROLE = "role"  # all who may ask
    NOBODY_ELSE = "viewer"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may ask for a field: one of `roles`, or anybody if there are none.

    `own_partner` lets a partner ask, too, where the argument `partner` is its own code.
    """

    name: str
    sharing: Sharing
    roles: frozenset[Role] = frozenset()
    own_partner: bool = False
    changes: bool = False  # what is recorded

    @property
    def scope(self) -> str:
        """Under which name an answer may be shared: public, role:…, or viewer for never."""
        if self.sharing is Sharing.ROLE:
            return f"role:{self.name}"
        return str(self.sharing.value)

    def allows(self, viewer: Viewer, arguments: Mapping[str, object]) -> bool:
        """Return whether a viewer may ask this."""
        if self.changes and READ_ONLY in viewer.scopes and READ_WRITE not in viewer.scopes:
            return False
        if not self.roles or self.roles & viewer.roles:
            return True
        return (
            self.own_partner
            and viewer.partner is not None
            and (arguments.get("partner") == viewer.partner)
        )


_OPERATORS = frozenset({Role.OPERATOR, Role.AUDITOR})

PUBLIC = Policy("public", Sharing.EVERYBODY)
OWN = Policy("own", Sharing.NOBODY_ELSE)  # anybody may ask; what is not theirs is not there
LEARNERS = Policy("learner", Sharing.NOBODY_ELSE, frozenset({Role.LEARNER}))
LEARNERS_ACT = Policy("learner", Sharing.NOBODY_ELSE, frozenset({Role.LEARNER}), changes=True)
OPERATORS = Policy("operator", Sharing.ROLE, _OPERATORS)
OPERATORS_ACT = Policy("operator", Sharing.NOBODY_ELSE, frozenset({Role.OPERATOR}), changes=True)
PARTNERS_OWN = Policy("operator", Sharing.NOBODY_ELSE, _OPERATORS, own_partner=True)
SYSTEMS = Policy("service", Sharing.ROLE, _OPERATORS | {Role.SERVICE})

ROOTS: Mapping[str, Mapping[Policy, Collection[str]]] = {
    "Query": {
        PUBLIC: (
            "_service",  # of a subgraph
            "catalogueChanges",
            "course",
            "courseSuggestions",
            "courses",
            "institutions",
            "partner",
            "partners",
        ),
        OWN: ("_entities", "enrolment", "me", "node", "nodes"),
        LEARNERS: ("enrolmentVerdicts",),
        OPERATORS: (
            "blocks",
            "catalogueDecisions",
            "courseLinks",
            "enrolmentReport",
            "enrolmentReviews",
            "heldSyncs",
            "institutionSpellings",
            "learnerConsents",
            "likelyCourses",
        ),
        PARTNERS_OWN: ("pendingApprovals", "reconciliations", "reconciliationsConnection"),
        SYSTEMS: ("enrolmentEvents",),
    },
    "Mutation": {
        LEARNERS_ACT: ("cancelEnrolment", "enrol", "rateEnrolment"),
        OPERATORS_ACT: (
            "approveOfferings",
            "approveSync",
            "blockCourses",
            "confirmCourseLink",
            "eraseLearner",
            "importLearners",
            "liftBlock",
            "mergeCourses",
            "mergeInstitutions",
            "pausePartner",
            "postGrants",
            "recordConsent",
            "rejectSync",
            "resumePartner",
            "revokeApproval",
            "settleEnrolment",
            "splitInstitution",
            "splitOffering",
            "startReconciliation",
            "syncNow",
        ),
    },
    "Subscription": {
        LEARNERS: ("enrolmentChanged",),
        PARTNERS_OWN: ("syncProgress",),
    },
}

PUBLIC_FIELDS: Mapping[str, str] = {  # by type, each by name: none is public because others are
    "CatalogueChange": "kind courseId course mergedInto",
    "CatalogueChangeConnection": "edges nodes pageInfo revision",
    "CatalogueChangeEdge": "node cursor",
    "Category": "code name",
    "Course": "id title summary descriptionHtml institution category level languages "
    "durationMinutes lowestPrice deliveryModes availability offerings rating ratingCount imageUrl "
    "withdrawn",
    "CourseConnection": "edges nodes pageInfo totalCount facets coverage revision",
    "CourseEdge": "node cursor snippet",
    "Coverage": "complete missing",
    "Facet": "name buckets",
    "FacetBucket": "value label count",
    "Freshness": "state fetchedAt reason",
    "Institution": "id name courses partners",
    "InstitutionConnection": "edges nodes pageInfo totalCount",
    "InstitutionEdge": "node cursor",
    "MissingPartner": "partner since reason lastGoodAt",
    "Money": "amount currency",
    "Node": "id",
    "Offering": "id course partner remoteId url price deliveryMode bundle sessions enrolmentMode "
    "code freshness quote",
    "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
    "Partner": "id code name kind state health freshness offeringCount",
    "Quote": "price seatsLeft asOf freshness",
    "Session": "id code startsAt endsAt enrolmentStartsAt enrolmentEndsAt purchaseEndsAt venue "
    "capacity seatsLeft availability",
    "Snippet": "text html",
    "Suggestion": "text kind",
    "Venue": "name address regionCode regionName",
    "_Service": "sdl",
}

TYPES: Mapping[Policy, Collection[str]] = {  # with all their fields: only some get so far
    OWN: (
        "Enrolment",
        "EnrolmentConnection",
        "EnrolmentEdge",
        "EnrolmentEvent",
        "EnrolmentProgress",
        "Learner",
        "MeetingAttendance",
    ),
    LEARNERS: (
        "CancelEnrolmentPayload",
        "EnrolError",
        "EnrolPayload",
        "EnrolVerdict",
        "RateEnrolmentPayload",
        "RatingError",
        "RuleValue",
    ),
    OPERATORS: (
        "ApprovalPayload",
        "Block",
        "BlockError",
        "BlockPayload",
        "CatalogueDecision",
        "CatalogueDecisionConnection",
        "CatalogueDecisionEdge",
        "Consent",
        "CourseLink",
        "CourseLinkConnection",
        "CourseLinkEdge",
        "CourseLinkPayload",
        "EnrolmentMeasures",
        "EnrolmentReport",
        "EnrolmentReportRow",
        "EnrolmentReview",
        "EnrolmentReviewConnection",
        "EnrolmentReviewEdge",
        "EraseLearnerPayload",
        "HeldSync",
        "ImportLearnersPayload",
        "InstitutionLinkPayload",
        "InstitutionSpelling",
        "LikelyCourses",
        "LinkError",
        "ListChange",
        "PartnerOrderError",
        "PartnerOrderPayload",
        "PostGrantsPayload",
        "ReconciliationError",
        "RejectedRow",
        "ReportKey",
        "ReviewError",
        "SettleEnrolmentPayload",
        "StartReconciliationPayload",
        "SyncAlarm",
        "SyncDecisionError",
        "SyncDecisionPayload",
    ),
    PARTNERS_OWN: (
        "Drift",
        "DriftConnection",
        "DriftEdge",
        "DriftSum",
        "PendingApproval",
        "PendingApprovals",
        "Reconciliation",
        "ReconciliationConnection",
        "ReconciliationEdge",
        "ReconciliationSum",
        "SyncProgress",
    ),
    SYSTEMS: ("EnrolmentEventPage", "EnrolmentFeedEvent"),
}

_OF_FIELD = {
    (root, name): policy
    for root, policies in ROOTS.items()
    for policy, names in policies.items()
    for name in names
} | {(kind, name): PUBLIC for kind, names in PUBLIC_FIELDS.items() for name in names.split()}
_OF_TYPE = {name: policy for policy, names in TYPES.items() for name in names}


class UndeclaredPolicyError(LookupError):
    """A field that nobody has decided about; the message says where to."""


def policy_of(type_name: str, field_name: str) -> Policy:
    """Return the policy of a field.  Raises `UndeclaredPolicyError`."""
    if type_name.startswith("__") or field_name.startswith("__"):
        return PUBLIC  # the schema itself; who may read that is decided elsewhere
    found = _OF_FIELD.get((type_name, field_name)) or _OF_TYPE.get(type_name)
    if found is None:
        raise UndeclaredPolicyError(
            f"{type_name}.{field_name} has no policy: say in schema/policies.py who may ask for it"
        )
    return found


def scope_of(policies: Iterable[Policy]) -> str:
    """Return for whom an answer to all these fields is the same: the narrowest of their scopes."""
    scopes = {policy.scope for policy in policies} - {PUBLIC.scope}
    if not scopes:
        return PUBLIC.scope
    return scopes.pop() if len(scopes) == 1 else OWN.scope
