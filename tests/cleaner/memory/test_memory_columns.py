"""Columns cleaned with the memory of their sources, also in another process."""

import pickle
from pathlib import Path

from support.folders import SITE, memory_of
from support.outlets import appeals

from cleaner import CleanColumns, Cleaner

ARTICLES = 30


def test_the_memory_is_asked_for_the_source_of_each_row(tmp_path: Path) -> None:
    folder = appeals(ARTICLES)
    memory = memory_of(tmp_path, folder.articles[1:])
    columns = CleanColumns(Cleaner(memory=memory))
    text, repeated = folder.articles[0], folder.repeated[0]
    alone = CleanColumns()({"text": [text]})["text"][0]
    assert any(line in alone for line in repeated)
    asked = {"text": [text] * 3, "source": [SITE, None, None], "url": [None, f"https://www.{SITE}/1", None]}
    for callable_columns in (columns, pickle.loads(pickle.dumps(columns))):
        by_source, by_url, by_none = callable_columns(asked)["text"]
        assert not any(line in by_source for line in repeated)
        assert by_url == by_source
        assert by_none == alone
    assert CleanColumns(Cleaner(memory=memory), source=SITE)({"text": [text]})["text"] == [by_source]
    assert pickle.dumps(columns) != pickle.dumps(CleanColumns())
    memory.close()
