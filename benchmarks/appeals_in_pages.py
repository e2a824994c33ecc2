"""Appeals and teasers between an article's paragraphs: how many go from a text, and from the same article as a page.

    python benchmarks/appeals_in_pages.py [--each] [--fast]

Thirty lines of our own in twelve languages, each put into the middle of an article of ours in that language: as a text,
and in three templates of pages as a paragraph, as a paragraph that is a link, and in bold. What goes from the text
should go from the page; of the article's own paragraphs none may go with it.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from html import escape
from pathlib import Path

from cleaner import Cleaner
from cleaner.html.page import Extractor

OWN = Path(__file__).resolve().parent.parent / "fixtures" / "training" / "own" / "docs.jsonl"
APPEALS = [
    ("en", "Get our weekend letter: six stories from the coast, every Saturday before breakfast."),
    ("en", "You can read this for free because 4,000 neighbours chip in. Join them from £3 a month."),
    ("en", "Don't miss a story: turn on notifications in our app."),
    ("en", "Like what you read? Buy our small newsroom a coffee."),
    ("en", "Keep reading with a trial subscription for one pound."),
    ("en", "Read next: The last cooper of Gullwick"),
    ("en", "You might also like: How the lighthouse got its stripes"),
    ("en", "Find us on Mastodon and Bluesky, too."),
    ("de", "Jeden Morgen das Wichtigste aus der Region: Hier geht es zu unserem kostenlosen Newsletter."),
    ("de", "Unterstützen Sie unabhängigen Lokaljournalismus mit einer Spende."),
    ("de", "Lesen Sie auch: Warum die Fähre im Winter nicht fährt"),
    ("de", "Sie haben bereits ein Abo? Dann melden Sie sich hier an."),
    ("fr", "Inscrivez-vous à notre lettre d'information et recevez l'essentiel chaque matin."),
    ("fr", "À lire aussi : Le bac ne passera plus la nuit"),
    ("fr", "Soutenez une presse libre : faites un don à partir de 5 euros."),
    ("es", "Suscríbete a nuestro boletín y recibe las noticias del puerto en tu correo."),
    ("es", "Lee también: El faro que se apagó dos veces"),
    ("es", "Síguenos en Facebook, Instagram y X."),
    ("it", "Iscriviti alla nostra newsletter per ricevere ogni giorno le notizie della valle."),
    ("it", "Leggi anche: Il traghetto resta fermo fino a maggio"),
    ("pt", "Assine a nossa newsletter e receba as notícias do rio no seu e-mail."),
    ("pt", "Leia também: A ponte que ninguém quis pintar"),
    ("nl", "Meld je aan voor onze nieuwsbrief en mis niets uit de haven."),
    ("nl", "Lees ook: De brug blijft dicht tot in mei"),
    ("pl", "Zapisz się do naszego newslettera i bądź na bieżąco."),
    ("pl", "Czytaj też: Prom nie popłynie do maja"),
    ("sv", "Prenumerera på vårt nyhetsbrev så missar du inget från hamnen."),
    ("da", "Læs også: Broen forbliver lukket til maj"),
    ("ru", "Подпишитесь на нашу рассылку и получайте новости порта каждое утро."),
    ("ja", "あわせて読みたい：渡し船は五月まで休み"),
]
FORMS = {
    "paragraph": "<p>{0}</p>",
    "link": '<p><a href="/p/4711">{0}</a></p>',
    "bold": "<p><strong>{0}</strong></p>",
}
TEMPLATES = {
    "bare": "<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{body}</article></body></html>",
    "paper": """<html lang="{lang}"><head><meta charset="utf-8"><title>{title} | Skarholm Post</title></head><body>
        <header><a href="/">Skarholm Post</a>
        <nav><ul><li><a href="/a">Skarholm</a></li><li><a href="/b">Sport</a></li></ul></nav></header>
        <main><div class="c-story"><h1>{title}</h1><div class="c-story__text">{body}</div></div></main>
        <footer><p>© 2025 Skarholm Post</p></footer></body></html>""",
    "old": """<html><body><table width="100%"><tr><td width="160"><a href="/">Skarholm Post</a><br>
        <a href="/a">Skarholm</a></td><td><font size="5"><b>{title}</b></font><div>{body}</div></td></tr></table>
        </body></html>""",
}
BEFORE = 3


def main() -> None:
    """Prints how many appeals go from pages of each template, and from the same lines as text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", action="store_true", help="names every line that stays")
    parser.add_argument("--fast", action="store_true", help="in fast mode, where no words are read")
    args = parser.parse_args()
    cleaner = Cleaner(extractor=Extractor.FAST if args.fast else Extractor.PAGE)
    articles = own_articles()
    gone: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for lang, line in APPEALS:
        title, *prose = articles[lang]
        texts = [*prose[:BEFORE], line, *prose[BEFORE:]]
        bodies = {"text": cleaner.clean("\n\n".join([title, *texts])).body}
        for template, page in TEMPLATES.items():
            for form, paragraph in FORMS.items():
                inside = "".join(
                    (paragraph if text is line else FORMS["paragraph"]).format(escape(text)) for text in texts
                )
                html = page.format(title=escape(title), body=inside, lang=lang)
                bodies[f"{template}, {form}"] = cleaner.clean(html=html).body
        for place, body in bodies.items():
            gone[place] += line not in body
            lost[place] += sum(text not in body for text in prose)
        if args.each and (left := [place for place, body in bodies.items() if line in body]):
            print(f"{lang} {line}\n   stays: {'; '.join(left)}")
    print(f"| of {len(APPEALS)} lines | gone | paragraphs lost |\n|---|---|---|")
    for place, count in gone.items():
        print(f"| {place} | {count} | {lost[place]} |")


def own_articles() -> dict[str, list[str]]:
    """Per language the title and at least six paragraphs of an article of our own."""
    by_language: dict[str, list[str]] = {}
    for row in map(json.loads, OWN.open(encoding="utf-8")):
        prose = [text for label, text in row["lines"] if label == "body" and len(text.encode()) >= 60]
        title = next((text for label, text in row["lines"] if label == "headline"), "")
        if title and len(prose) >= 2 * BEFORE and not row.get("flat"):
            by_language.setdefault(row["lang"], [title, *prose])
    return by_language


if __name__ == "__main__":
    main()
