"""The filter in a real pipe: order, streaming, readers that leave, input of every kind. A process of its own each time."""

import io
import json
import os
import subprocess
import sys
import threading

import pytest

STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
FILTER = [sys.executable, "-m", "cleaner", "clean", "--format", "jsonl"]


def row(number, text=STORY):
    return json.dumps({"id": str(number), "text": text}).encode() + b"\n"


def filtered(data, *options):
    done = subprocess.run([*FILTER, *options], input=data, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


def test_a_thousand_rows_keep_their_order():
    code, rows, err = filtered(b"".join(row(number, f"Number {number}.") for number in range(1000)))
    assert (code, err) == (0, "")
    assert [cleaned["id"] for cleaned in rows] == [str(number) for number in range(1000)]


def test_rows_that_fail_alike_are_told_three_times_and_then_counted():
    odd = [{"id": number, "content": STORY, **({"n": 1} if number % 2 else {})} for number in range(50)]
    code, out, err = filtered(b"".join(json.dumps(odd_row).encode() + b"\n" for odd_row in odd) + b"{\n")
    assert (code, len(out)) == (1, 51)
    lines = err.splitlines()
    assert [line.partition(": has neither")[0] for line in lines[:3]] == [f"cleancopy: stdin:{n}" for n in (1, 2, 3)]
    assert [line.partition(" is ")[0] for line in lines[3:4]] == ["cleancopy: stdin:51:"]
    assert lines[4].startswith("cleancopy: 47 more rows like stdin:1: has neither 'text' nor 'html'; its fields are")
    assert len(lines) == 5


def test_each_row_comes_out_before_the_next_goes_in():
    """Also when rows are much shorter than any buffer on the way."""
    with subprocess.Popen(FILTER, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for number in range(5):
            process.stdin.write(row(number, "Short."))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == str(number)
        process.stdin.write(row(5).rstrip())  # the last one without its line end
        process.stdin.close()
        assert json.loads(process.stdout.read())["id"] == "5"
        assert process.wait() == 0


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_a_reader_that_leaves_ends_the_filter_in_peace(taken):
    """As `| head -n 1` does, with far more input than any buffer holds, and an end of it that never comes."""
    with subprocess.Popen(FILTER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:

        def feed():
            try:
                for number in range(100_000):
                    process.stdin.write(row(number))
                    process.stdin.flush()
            except OSError:  # it has left: what is tested
                pass

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        got = [json.loads(process.stdout.readline())["id"] for _ in range(taken)]
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == b""
        assert got == [str(number) for number in range(taken)]
        feeder.join(timeout=60)
        process.stdin = None


@pytest.mark.skipif(os.name == "nt", reason="needs a Unix shell")
def test_head_in_a_shell():
    command = f"""'{sys.executable}' -m cleaner clean --format jsonl | head -n 1; exit ${{PIPESTATUS[0]}}"""
    bash = subprocess.run(["bash", "-c", "true"], capture_output=True, check=False)
    if bash.returncode:
        pytest.skip("needs bash")
    rows = b"".join(map(row, range(2000)))
    done = subprocess.run(["bash", "-c", command], input=rows, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["id"] == "0"


BROKEN = {
    "not JSON": b"{broken",
    "no object": b"[1, 2]",
    "no article": b'{"id": "x"}',
    "not UTF-8": b'{"id": "x", "text": "\xff"}',
    "a key twice": b'{"text": "a", "text": "b"}',
    "no string": b'{"text": 3}',
    "deep": b"[" * 100_000,
    "nothing but zeros": b"\x00\x00\x00",
    "too long": b'{"text": "' + b"a" * 5000 + b'"}',
}


@pytest.fixture(scope="module")
def broken_rows():
    """One run for the whole table: each broken row between two good ones."""
    data = b"".join(row(number) + line + b"\n" for number, line in enumerate(BROKEN.values()))
    return filtered(data + row("last"), "--max-bytes", "4000")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_fails_alone_in_its_place(name, broken_rows):
    code, rows, err = broken_rows
    place = list(BROKEN).index(name)
    assert (code, len(rows)) == (1, 2 * len(BROKEN) + 1)
    assert [rows[place * 2 + step]["status"] for step in (0, 1, 2)] == ["clean", "failed", "clean"]
    assert f"stdin:{place * 2 + 2}: " in err
    assert rows[place * 2 + 1]["why"] in err


ENCODED = {
    "byte order mark": b"\xef\xbb\xbf" + row(1) + row(2),
    "CR LF": row(1).replace(b"\n", b"\r\n") + row(2).replace(b"\n", b"\r\n"),
    "blank lines": b"\n\r\n" + row(1) + b"  \n\t\n" + row(2) + b"\n",
    "no line end": row(1) + row(2).rstrip(),
    "white space around": b"  " + row(1) + b"\t" + row(2),
}


@pytest.mark.parametrize("name", ENCODED)
def test_rows_are_found_however_they_are_laid_out(name):
    code, rows, err = filtered(ENCODED[name])
    assert (code, err) == (0, "")
    assert [(cleaned["id"], cleaned["text"]) for cleaned in rows] == [("1", STORY), ("2", STORY)]


def test_no_rows_at_all():
    assert filtered(b"") == (0, [], "")


def test_a_line_of_megabytes_is_cleaned_or_passed_over():
    text = " ".join(f"{STORY} ({number})" for number in range(20_000))
    code, rows, _ = filtered(row(1, text) + row(2))
    statuses = [cleaned["status"] for cleaned in rows]
    assert (code, statuses) == (0, ["suspect", "clean"])  # more sentences than are judged
    assert len(rows[0]["text"]) > 1_000_000
    code, rows, err = filtered(row(1, text) + row(2), "--max-bytes", "1000000")
    assert (code, [cleaned["status"] for cleaned in rows]) == (1, ["failed", "clean"])
    assert "larger than 1,000,000 bytes" in err


def test_rows_out_are_lines_of_utf8_whatever_the_texts_hold():
    text = "Line one\u2028still one\x85and\x0bmore \U0001f6a2 \ud83d"
    rows = io.BytesIO(json.dumps({"id": "1", "text": text}).encode() + b"\n" + row(2)).getvalue()
    done = subprocess.run(FILTER, input=rows, capture_output=True, check=True)
    assert done.stdout.count(b"\n") == 2
    assert [json.loads(line)["id"] for line in done.stdout.decode("utf-8").rstrip("\n").split("\n")] == ["1", "2"]


def test_numbers_that_json_does_not_have_come_out_as_null():
    code, rows, err = filtered(b'{"id": 1, "text": "a", "n": NaN, "m": [Infinity, 1e999, -Infinity, 2.5]}\n')
    assert (code, err) == (0, "")
    assert (rows[0]["id"], rows[0]["n"], rows[0]["m"]) == (1, None, [None, None, None, 2.5])


def test_a_failed_row_keeps_its_id_its_fields_and_its_text():
    code, rows, _ = filtered(b'{"id": 5, "text": 3, "color": "red"}\n{"id": "b", "content": "x"}\n')
    assert code == 1
    assert (rows[0]["id"], rows[0]["status"], rows[0]["color"], rows[0]["input"]) == (5, "failed", "red", {"text": 3})
    assert (rows[1]["id"], rows[1]["content"]) == ("b", "x")
    assert "--text-field content" in rows[1]["why"]


def test_a_blank_text_beside_html_is_the_page():
    page = f"<html><body><article><p>{STORY}</p></article></body></html>"
    code, rows, _ = filtered(json.dumps({"text": " \n", "html": page}).encode())
    assert (code, rows[0]["text"]) == (0, STORY)


def test_repeated_ids_are_cleaned_and_told_apart():
    code, rows, _ = filtered(row(1) + row(1) + b'{"id": 1, "text": "' + STORY.encode() + b'"}\n')
    assert (code, [cleaned["id"] for cleaned in rows]) == (0, ["1", "1#2", "1#3"])
    assert [cleaned["text"] for cleaned in rows] == [STORY] * 3
    assert "repeated-id" in rows[1]["metadata"]


def test_a_row_of_very_many_keys_is_read_in_linear_time():
    keys = ", ".join(f'"key{number}": {number}' for number in range(60_000))
    code, rows, err = filtered(f'{{"text": "a", {keys}, "key59999": 1}}\n'.encode() + row(2))
    assert (code, [cleaned["status"] for cleaned in rows]) == (1, ["failed", "clean"])
    assert "has the key 'key59999' more than once" in err


FEED = (
    f'<?xml version="1.0"?><rss version="2.0"><channel><title>Post</title><item><guid>1</guid><title>Ferry</title>'
    f"<description>{STORY}</description></item></channel></rss>"
)
TOLD = {
    "a feed": (FEED.encode(), "xml", ["1"]),
    "a feed without a declaration": (FEED.partition("?>")[2].encode(), "xml", ["1"]),
    "rows": (row(1) + row(2), "jsonl", ["1", "2"]),
    "an array of rows": (b"[" + row(1) + b"," + row(2) + b"]", "json", ["1", "2"]),
    "a table": (f'id,text\n1,"{STORY}"\n2,"{STORY}"\n'.encode(), "csv", ["1", "2"]),
    "a long table": (b"id,text\n" + b"".join(f'{n},"{STORY}"\n'.encode() for n in range(900)), "csv", None),
}


@pytest.mark.parametrize("name", TOLD)
def test_rows_and_feeds_are_known_by_their_bytes_and_it_is_said(name):
    data, told, ids = TOLD[name]
    done = subprocess.run([*FILTER[:-2]], input=data, capture_output=True, check=False)
    assert done.returncode == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [str(cleaned["id"]) for cleaned in rows] == (ids or [str(number) for number in range(900)])
    assert all(STORY in cleaned["text"] for cleaned in rows)
    assert f"--format {told} says so" in done.stderr.decode()


@pytest.mark.parametrize("name", ["a feed", "rows", "a table"])
def test_what_is_told_to_be_text_is_read_as_text(name):
    done = subprocess.run([*FILTER[:-1], "text"], input=TOLD[name][0], capture_output=True, check=False)
    assert done.returncode == 0
    assert b'"status"' not in done.stdout
    assert b"says so" not in done.stderr
