"""What the demo's catalogue looks like to a crawler, and to an app that keeps a copy."""

import re

import httpx

from tests.e2e.conftest import Mitra, http

CHANGES = """query ($since: String! = "0", $after: String) {
  catalogueChanges(since: $since, first: 100, after: $after) {
    revision nodes { kind courseId course { title } } pageInfo { hasNextPage endCursor }
  }
}"""


def follow(mitra: Mitra, since: str, copy: dict[str, str]) -> str:
    """Apply every page of changes to `copy`; return the next `since`."""
    after = None
    while True:
        page = mitra.ask(CHANGES, since=since, after=after)["catalogueChanges"]
        for change in page["nodes"]:
            if change["course"] is None:
                copy.pop(change["courseId"], None)
            else:
                copy[change["courseId"]] = change["course"]["title"]
        if not page["pageInfo"]["hasNextPage"]:
            return page["revision"]
        after = page["pageInfo"]["endCursor"]


def test_an_app_that_keeps_a_copy_has_the_whole_catalogue(mitra: Mitra):
    copy: dict[str, str] = {}

    revision = follow(mitra, "0", copy)
    begun_at_one: dict[str, str] = {}
    follow(mitra, "1", begun_at_one)
    revision = follow(mitra, revision, copy)

    whole = mitra.ask("{ courses { totalCount revision } }")["courses"]
    assert revision == whole["revision"]
    assert len(copy) == whole["totalCount"]
    assert begun_at_one.items() <= copy.items()


def test_everybody_fresh_or_nobody(mitra: Mitra):
    asked = "{ courses(maxAge: %d) { totalCount coverage { missing { partner { code } } } } }"

    recent, nothing = (mitra.ask(asked % age)["courses"] for age in (86_400, 0))

    assert recent["totalCount"] == mitra.ask("{ courses { totalCount } }")["courses"]["totalCount"]
    assert nothing["totalCount"] == 0
    assert len(nothing["coverage"]["missing"]) == len(
        mitra.ask("{ partners { code } }")["partners"]
    )


def test_a_crawler_finds_every_course_from_robots_on(mitra: Mitra):
    robots = http.get(f"{mitra.url}/robots.txt").text
    index = http.get(re.findall(r"Sitemap: (\S+)", robots)[0]).text
    parts = [http.get(address).text for address in re.findall(r"<loc>(.+?)</loc>", index)]
    pages = [address for part in parts for address in re.findall(r"<loc>(.+?)</loc>", part)]

    total = mitra.ask("{ courses { totalCount } }")["courses"]["totalCount"]
    assert len(pages) == len(set(pages)) == total
    page = http.get(pages[0])
    assert page.status_code == 200
    assert "application/ld+json" in page.text
    assert http.get(pages[0], headers={"If-None-Match": page.headers["etag"]}).status_code == 304
    linked_data = http.get(pages[0], headers={"Accept": "application/ld+json"}).json()
    assert (linked_data["@type"], linked_data["url"]) == ("Course", pages[0])


def test_equal_questions_are_answered_before_they_are_parsed(mitra: Mitra):
    title = "{ courses(first: 1, sort: TITLE) { nodes { title } } }"

    def finished() -> float:
        told = http.get(f"{mitra.url}/metrics").text
        found = re.search(r'cache_reads_total\{cache="answers",outcome="finished"\} (\S+)', told)
        return float(found[1]) if found else 0.0

    def asked_six_times() -> tuple[list[httpx.Response], float]:
        before = finished()
        with httpx.Client(base_url=mitra.url) as client:
            answers = [client.post("/graphql", json={"query": title}) for _ in range(6)]
        return answers, finished() - before

    asked_six_times()
    # A list that is read meanwhile has the next answer made anew: seldom twice, never five times.
    rounds = (asked_six_times() for _ in range(5))
    answers = next((answers for answers, times in rounds if times == 6), [])

    assert len(answers) == 6
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["x-request-id"] for answer in answers}) == 6
