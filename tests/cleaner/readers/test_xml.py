"""XML files of feeds, agencies and corpora: each article with its metadata, in words of HTML; broken ones by name."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pytest

from cleaner import clean
from cleaner.document import Document
from cleaner.readers import InputFile, Reading, ReadSettings, Skipped, discover, read
from cleaner.readers.readings import DEFAULTS
from cleaner.readers.xml import read_xml_stream

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Harbour News</title><language>en-gb</language>
<item><title>Ferry &amp;amp; bridge</title><link>https://news.example/1</link><guid isPermaLink="false">g1</guid>
<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate><dc:creator>Ann Lee</dc:creator><description>Short</description>
<content:encoded><![CDATA[<p>The caf&eacute; at the pier opened.</p><p>Sign up</p>]]></content:encoded></item>
<item><title>Second</title><guid>https://news.example/2</guid><description>&lt;p&gt;Escaped&lt;/p&gt;</description></item>
<item><title>Third</title><description>Plain text, no tags.</description></item>
<item><title>Fourth</title></item>
</channel></rss>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example/"><title>x</title></channel>
<item rdf:about="https://news.example/a"><title>A</title><link>https://news.example/a</link>
<description>Text of a.</description><dc:date>2026-03-01</dc:date></item></rdf:RDF>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>F</title>
<entry><title type="html">A &lt;b&gt;bold&lt;/b&gt; step</title><id>urn:1</id><link rel="self" href="https://news.example/s"/>
<link href="https://news.example/a"/><updated>2026-01-02T03:04:05Z</updated><author><name>Jo May</name></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Hello <em>you</em> there</p><p>Two</p></div></content></entry>
<entry><title>B</title><id>urn:2</id><published>2026-02-02</published><updated>2026-03-03</updated>
<content type="html">&lt;p&gt;Escaped&lt;/p&gt;</content></entry>
<entry><title>C</title><id>urn:3</id><summary>Only a summary.</summary></entry></feed>"""
NITF = """<?xml version="1.0"?><!DOCTYPE nitf SYSTEM "nitf-3-4.dtd"><nitf><head><title>Old name</title>
<docdata><doc-id id-string="n1"/><date.issue norm="20261102"/></docdata></head>
<body><body.head><hedline><hl1>Bridge open</hl1><hl2>After two years</hl2></hedline>
<byline>By <person>Ann Lee</person></byline></body.head>
<body.content><block><p>The <org>Port</org> opened it &eacute;arly.</p>
<media><media-reference source="x.jpg"/><media-caption>The bridge at dusk</media-caption></media>
<p>A second &company; paragraph.</p></block></body.content></body></nitf>"""
NEWSML = """<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><itemSet>
<newsItem guid="urn:n:1" xml:lang="en"><contentMeta><contentCreated>2026-01-01T08:00:00Z</contentCreated>
<headline>Outer</headline></contentMeta><contentSet><inlineXML contenttype="application/nitf+xml"><nitf><body>
<body.head><hedline><hl1>Inner</hl1></hedline></body.head><body.content><p>P one.</p></body.content></body></nitf>
</inlineXML></contentSet></newsItem>
<newsItem guid="urn:n:2" xml:lang="fr"><contentMeta><headline>Deux</headline></contentMeta>
<contentSet><inlineData contenttype="text/plain">Du texte.</inlineData></contentSet></newsItem>
</itemSet></newsMessage>"""
TEI = """<TEI xmlns="http://www.tei-c.org/ns/1.0" xml:id="t1"><teiHeader><fileDesc><titleStmt><title>Letter home</title>
<author>N. N.</author></titleStmt><publicationStmt><date when="1899-01-02">1899</date></publicationStmt></fileDesc></teiHeader>
<text xml:lang="en"><body><div><head>Part one</head><p>A <hi rend="i">long</hi> road.</p>
<lg><l>verse a</l><l>verse b</l></lg></div></body></text></TEI>"""
JATS = """<article xml:lang="en"><front><article-meta><article-id pub-id-type="doi">10.1/x</article-id>
<title-group><article-title>On rivers</article-title></title-group>
<contrib-group><contrib><name><surname>Lee</surname><given-names>Ann</given-names></name></contrib></contrib-group>
<pub-date><day>3</day><month>5</month><year>2024</year></pub-date><abstract><p>An abstract.</p></abstract></article-meta></front>
<body><sec><title>Intro</title><p>Rivers <xref>1</xref> flow.</p>
<fig><caption><title>Fig</title><p>a mouth</p></caption></fig></sec></body>
<back><ref-list><ref>Somebody, 1999</ref></ref-list></back></article>"""
PLAIN = """<articles><article id="7" xml:lang="en"><title>One</title><author>Jo</author><url>https://news.example/7</url>
<p>Para one.</p><p>Para two.</p></article><article><title>Two</title><body>Plain body text.</body></article></articles>"""
DOCBOOK = "<article><title>Ferries</title><section><title>Old</title><para>They ran on coal.</para></section></article>"
WIKI = f'<corpus><doc id="3" url="https://wiki.example/3" title="Ferry">{"A ferry carries people over water. " * 4}</doc></corpus>'

#: What is told of each article: id, title, date, language, address, and parts of its content.
GOOD: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "RSS 2.0": (RSS, [
        {"id": "g1", "title": "Ferry & bridge", "date": "2026-11-02T10:00:00+00:00", "lang": "en-gb",
         "url": "https://news.example/1", "text": "<p>The café at the pier opened.</p><p>Sign up</p>", "by": ["Ann Lee"]},
        {"id": "https://news.example/2", "url": "https://news.example/2", "text": "<p>Escaped</p>"},
        {"id": "f.xml:3", "text": "Plain text, no tags.", "media_type": "text/plain"},
        {"id": "f.xml:4", "text": ""},
    ]),
    "RSS 1.0": (RDF, [{"id": "https://news.example/a", "date": "2026-03-01", "text": "Text of a."}]),
    "Atom": (ATOM, [
        {"id": "urn:1", "title": "A bold step", "url": "https://news.example/a", "lang": "de", "by": ["Jo May"],
         "text": "<div><p>Hello you there</p>\n<p>Two</p>\n</div>", "media_type": "text/html"},
        {"date": "2026-02-02", "text": "<p>Escaped</p>"},
        {"text": "Only a summary.", "media_type": "text/plain"},
    ]),
    "NITF": (NITF, [{
        "id": "n1", "title": "Bridge open", "date": "2026-11-02", "by": ["Ann Lee"],
        "holds": ["<h1>Bridge open</h1>", "<p>After two years</p>", "<p>The Port opened it éarly.</p>",
                  "<figcaption>The bridge at dusk</figcaption>", "&amp;company; paragraph"],
    }]),
    "NewsML-G2": (NEWSML, [
        {"id": "urn:n:1", "title": "Inner", "date": "2026-01-01T08:00:00+00:00", "text": "<h1>Inner</h1>\n<p>P one.</p>"},
        {"id": "urn:n:2", "title": "Deux", "lang": "fr", "text": "Du texte.", "media_type": "text/plain"},
    ]),
    "TEI": (TEI, [{"id": "t1", "title": "Letter home", "date": "1899-01-02", "lang": "en", "by": ["N. N."],
                   "holds": ["<h1>Letter home</h1>", "<h2>Part one</h2>", "<p>A long road.</p>", "verse a<br>verse b"]}]),
    "teiCorpus": (f"<teiCorpus>{TEI}{TEI.replace('t1', 't2')}</teiCorpus>", [{"id": "t1"}, {"id": "t2"}]),
    "JATS": (JATS, [{"id": "10.1/x", "title": "On rivers", "url": "https://doi.org/10.1/x", "date": "2024-05-03",
                     "by": ["Ann Lee"], "holds": ["<p>An abstract.</p>", "<h2>Intro</h2>", "<p>Rivers 1 flow.</p>",
                                                  "<figcaption>Fig a mouth</figcaption>"], "lacks": "Somebody"}]),
    "articles": (PLAIN, [
        {"id": "7", "title": "One", "url": "https://news.example/7", "by": ["Jo"], "holds": ["<h1>One</h1>", "<p>Para two.</p>"]},
        {"title": "Two", "text": "Plain body text.", "media_type": "text/plain"},
    ]),
    "DocBook": (DOCBOOK, [{"title": "Ferries", "holds": ["<h1>Ferries</h1>", "<h2>Old</h2>", "<p>They ran on coal.</p>"]}]),
    "docs": (WIKI, [{"id": "3", "title": "Ferry", "url": "https://wiki.example/3", "media_type": "text/plain"}]),
    "a declared charset": (RDF.replace("Text of a", "Déjà vu"), [{"text": "Déjà vu."}]),
}  # fmt: skip
ATTACK = "<rss><channel><item><title>x</title><description>&boom; here</description></item></channel></rss>"
#: Refused or read without harm: what is read, and the failure.
BROKEN: dict[str, tuple[str | bytes, list[str], str]] = {
    "cut in an entry": (
        RSS[: RSS.index("Escaped")],
        ["<p>The café at the pier opened.</p><p>Sign up</p>"],
        "is cut off: its XML ends too early",
    ),
    "cut in the first": (RSS[: RSS.index("Short")], [], "is cut off: its XML ends too early"),
    "an article cut off": (NITF[: NITF.index("second")], [], "is cut off"),
    "cut, all on one line": (
        "<rss><channel><item><description>é</description></item><item><description>b</description></item><item><title>c",
        ["é", "b"],
        "is cut off",
    ),
    "crossed, all on one line": (
        "<rss><channel><item><description>é</description></item><item><b>b</title></item></channel></rss>",
        ["é"],
        "broken XML at line 1",
    ),
    "tags crossed": ("<rss><channel><item><title>a</b></title></item></channel></rss>", [], "broken XML"),
    "no XML": ("Just words.", [], "broken XML"),
    "nothing": (b"", [], "broken XML"),
    "deep": ("<a>" * 2000, [], "broken XML"),
    "binary": (bytes(range(256)) * 9, [], "binary"),
    "entities in entities": ('<!DOCTYPE r [<!ENTITY a "boom"><!ENTITY boom "&a;&a;">]>' + ATTACK, ["&boom; here"], ""),
    "a file of the machine": (
        '<!DOCTYPE r [<!ENTITY boom SYSTEM "file:///etc/passwd">]>' + ATTACK,
        ["&boom; here"],
        "",
    ),
    "too long": (RSS.replace("Short", "long " * 2000), [], "is larger than"),
}


def readings(data: str | bytes, settings: ReadSettings = DEFAULTS) -> list[Reading | Skipped]:
    return list(
        read_xml_stream(io.BytesIO(data if isinstance(data, bytes) else data.encode()), name="f.xml", settings=settings)
    )


@pytest.mark.parametrize("name", GOOD)
def test_articles(name: str) -> None:
    xml, expected = GOOD[name]
    entries = readings(xml)
    assert len(entries) == len(expected)
    for number, (reading, told) in enumerate(zip(entries, expected, strict=True), start=1):
        assert isinstance(reading, Reading)
        assert isinstance(reading.document, Document)
        assert reading.original is not None
        document = reading.document
        for field in told.keys() - {"by", "holds", "lacks"}:
            assert (field, getattr(document, field)) == (field, told[field])
        assert all(part in document.text for part in told.get("holds", ()))
        assert told.get("lacks", "\0") not in document.text
        assert document.metadata.get("authors", []) == told.get("by", document.metadata.get("authors", []))
        assert (reading.original.row, reading.original.payload.decode()) == (number, document.text)


def test_a_charset_that_is_no_utf8() -> None:
    data = ('<?xml version="1.0" encoding="iso-8859-1"?>' + RDF.replace("Text of a", "Déjà vu")).encode("latin-1")
    (reading,) = readings(data)
    assert isinstance(reading, Reading)
    assert reading.document
    assert reading.document.text == "Déjà vu."


@pytest.mark.parametrize("name", BROKEN)
def test_broken_and_hostile_files(name: str) -> None:
    data, texts, failure = BROKEN[name]
    entries = readings(data, ReadSettings(2000))
    assert all(isinstance(reading, Reading) for reading in entries)
    assert [r.document.text for r in entries if isinstance(r, Reading) and r.document] == texts
    failures = [r.failure.what for r in entries if isinstance(r, Reading) and r.failure]
    assert len(failures) == bool(failure)
    assert all(failure in what for what in failures)


@pytest.mark.parametrize(
    "xml", ["<urlset><url><loc>https://news.example/</loc></url></urlset>", "<project><a/></project>"]
)
def test_other_xml_is_skipped(xml: str) -> None:
    assert readings(xml) == [Skipped("f.xml", "XML that holds no articles")]


@pytest.mark.parametrize("name", ["f.xml", "f.rss", "f.atom", "f.nitf", "f.xml.gz", "f.xml.bz2", "feed"])
def test_files(tmp_path: Path, name: str) -> None:
    import bz2

    pack = {".gz": gzip.compress, ".bz2": bz2.compress}.get(Path(name).suffix, bytes)
    (tmp_path / name).write_bytes(pack(RSS.encode()))
    (file,) = discover([tmp_path])
    assert isinstance(file, InputFile)
    assert len(list(read(file))) == 4


def test_a_feed_is_cleaned_like_its_pages() -> None:
    story = "The ferry between the two harbours will run again from May, the council said on Tuesday evening."
    other = "Two boats were bought for it, and the harbour master expects two hundred passengers on the first day."
    body = f"<p>{story}</p><p>{other}</p><p>Sign up for our newsletter</p>"
    (reading,) = readings(
        f"<rss><channel><item><title>t</title><description><![CDATA[{body}]]></description></item></channel></rss>"
    )
    assert isinstance(reading, Reading)
    assert reading.document
    assert clean(html=reading.document.text).body == f"{story}\n\n{other}"
