"""The sitemap as crawlers read it."""

from datetime import datetime

from defusedxml import ElementTree

from gateway.web.sitemap import to_robots, to_sitemap, to_sitemap_index

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
THEN = datetime.fromisoformat("2026-03-02T19:00:00+07:00")


def test_a_part_lists_pages_and_when_they_changed():
    root = ElementTree.fromstring(
        to_sitemap([("https://a.test/?x&y", THEN), ("https://b.test", None)])
    )

    assert root.tag == f"{{{NAMES['s']}}}urlset"
    assert [each.text for each in root.findall("s:url/s:loc", NAMES)] == [
        "https://a.test/?x&y",
        "https://b.test",
    ]
    assert [each.text for each in root.findall("s:url/s:lastmod", NAMES)] == [
        "2026-03-02T12:00:00Z"
    ]


def test_the_index_lists_parts():
    root = ElementTree.fromstring(to_sitemap_index([("https://a.test/sitemaps/1.xml", THEN)]))

    assert root.tag == f"{{{NAMES['s']}}}sitemapindex"
    assert root.findtext("s:sitemap/s:loc", namespaces=NAMES) == "https://a.test/sitemaps/1.xml"


def test_robots_are_told_of_it():
    assert "Sitemap: https://a.test/sitemap.xml" in to_robots("https://a.test/sitemap.xml")
