"""The command as a user types it: outputs, messages, exit codes. Runs in a process of its own."""

import json
import re
import subprocess
import sys

import pytest

STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
ARTICLE = f"{STORY}\n\nSign up for our newsletter\n\n{STORY}\n\nRead more\n"


def cleancopy(*words, stdin=b"", cwd=None):
    done = subprocess.run(
        [sys.executable, "-m", "cleaner", *map(str, words)], input=stdin, capture_output=True, cwd=cwd, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_text_through_a_pipe():
    code, out, err = cleancopy("clean", stdin=ARTICLE.encode())
    assert (code, err) == (0, "")
    assert out == f"{STORY}\n\n{STORY}\n"


def test_an_appeal_alone_gives_nothing_and_says_so():
    code, out, err = cleancopy("clean", stdin=b"Sign up for our newsletter\nDonate now\n")
    assert (code, out) == (0, "")
    assert "empty" in err


@pytest.mark.parametrize("text", ["The council met on Monday.\n\nDonate now\n", "Yes.\n"])
def test_what_is_short_and_stays_is_clean(text):
    code, out, err = cleancopy("clean", stdin=text.encode())
    assert (code, out, err) == (0, text.partition("\n")[0] + "\n", "")


def test_rows_through_a_pipe_keep_order_and_report_broken_ones():
    rows = [{"id": 7, "text": ARTICLE, "color": "red"}, {"text": STORY, "html": 3}]
    stdin = "\n".join(
        [json.dumps(rows[0]), "{broken", json.dumps(rows[1]), json.dumps({"html": f"<p>{STORY}"})]
    ).encode()
    code, out, err = cleancopy("clean", "--format", "jsonl", "--with-removed", stdin=stdin)
    assert code == 1
    got = [json.loads(line) for line in out.splitlines()]
    assert [row["status"] for row in got] == ["clean", "failed", "clean", "clean"]
    assert got[0]["id"] == 7
    assert got[1]["id"] == "stdin:2"
    assert got[0]["color"] == "red"
    assert [span["text"] for span in got[0]["spans"]] == ["Sign up for our newsletter", "Read more"]
    assert all(ARTICLE[span["start"] : span["end"]] == span["text"] for span in got[0]["spans"])
    assert "stdin:2" in err


def test_the_first_row_comes_out_before_the_last_goes_in():
    with subprocess.Popen(
        [sys.executable, "-m", "cleaner", "clean", "--format", "jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        for _ in range(3):
            process.stdin.write(json.dumps({"id": "a", "text": STORY}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["schema"] == 1
        process.stdin.close()


def test_a_closed_pipe_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "cleaner", "clean", "--format", "jsonl"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        process.stdout.close()
        rows = b"".join(json.dumps({"id": str(n), "text": STORY}).encode() + b"\n" for n in range(200))
        try:
            process.stdin.write(rows)
            process.stdin.close()
        except BrokenPipeError:
            process.stdin = None
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_keep_and_strip_change_the_policy():
    text = f"{STORY}\n\nReuters contributed to this report.\n\nRead more\n".encode()
    assert "Read more" in cleancopy("clean", "--keep", "related", stdin=text)[1]
    assert "Reuters" not in cleancopy("clean", "--strip", "credit", stdin=text)[1]


def test_a_policy_and_cues_from_files(tmp_path):
    (tmp_path / "policy.toml").write_text('newsletter = "keep"\n')
    (tmp_path / "cues.toml").write_text('[related]\nwhole = ["tide tables"]\n[protect]\nphrases = ["read more"]\n')
    text = f"{ARTICLE}\nTide tables\n".encode()
    code, out, _ = cleancopy(
        "clean", "--policy", tmp_path / "policy.toml", "--cues", tmp_path / "cues.toml", stdin=text
    )
    assert code == 0
    assert "Sign up" in out
    assert "Read more" in out
    assert "Tide tables" not in out


def test_explain_gives_every_line_with_reasons(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(ARTICLE)
    code, out, _ = cleancopy("explain", path)
    assert code == 0
    assert "\x1b" not in out
    assert "newsletter" in out
    assert "sign up for our" in out
    assert (
        re.search(r"^clean · language en · \d+\.\d % removed$", out, re.MULTILINE)[0].split(" · ")[2][:-8]
        in (
            cleancopy("clean", path, "-o", tmp_path / "out")[1]  # both count alike
        )
    )
    values = json.loads(cleancopy("explain", "--json", path)[1])
    first, *others = [block["label"] for block in values["blocks"]]
    assert first in ("body", "standfirst")  # both are kept
    assert others == ["newsletter", "body", "related"]
    assert all(block["reasons"] for block in values["blocks"] if block["action"] == "strip")


def test_a_batch_a_report_and_its_archive(tmp_path):
    (tmp_path / "a.txt").write_text(ARTICLE)
    code, out, err = cleancopy("clean", "a.txt", "-o", "out", "--now", "2026-05-03T10:22:00Z", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert "1 document: 1 clean" in out
    assert "out" in out
    assert cleancopy("archive", "verify", "out", cwd=tmp_path)[0] == 0
    assert cleancopy("report", "out", "-o", "report.html", cwd=tmp_path)[0] == 0
    assert "<html" in (tmp_path / "report.html").read_text()[:200]


WRONG = {
    "no output": (("clean", "."), "-o OUT"),
    "unknown label": (("clean", "--keep", "pictures"), "known are"),
    "kept and stripped": (("clean", "--keep", "credit", "--strip", "credit"), "both"),
    "no policy file": (("clean", "--policy", "nothing.toml"), "nothing.toml"),
    "no cue file": (("clean", "--cues", "nothing.toml"), "nothing.toml"),
    "body stripped": (("clean", "--strip", "body"), "body is always kept"),
    "no run": (("report", "nowhere", "-o", "r.html"), "nowhere"),
    "output without input": (("clean", "-o", "out"), "standard input"),
    "bad clock": (("clean", "--now", "yesterday"), "yesterday"),
    "unknown command": (("wash",), "wash"),
    "cluster without its engine": (("clean", ".", "-o", "../out", "--ray-address", "auto"), "--engine ray"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_said_in_one_line_and_exits_2(name, tmp_path):
    words, message = WRONG[name]
    code, _, err = cleancopy(*words, cwd=tmp_path)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_a_missing_file_is_wrong_use_and_leaves_nothing(tmp_path):
    (tmp_path / "a.txt").write_text(ARTICLE)
    code, _, err = cleancopy("clean", "a.txt", "gone.txt", "-o", "out", cwd=tmp_path)
    assert code == 2
    assert "gone.txt" in err
    assert not (tmp_path / "out").exists()


def test_the_system_clock_can_be_set_from_outside(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text(ARTICLE)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert cleancopy("clean", "a.txt", "-o", "out", cwd=tmp_path)[0] == 0
    assert json.loads((tmp_path / "out/run.json").read_text())["clock"] == "2023-11-14T22:13:20Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "noon")
    assert cleancopy("clean", "a.txt", "-o", "two", cwd=tmp_path)[0] == 2


def test_version_and_help():
    assert cleancopy("--version")[1].startswith("cleancopy ")
    code, out, _ = cleancopy("clean", "--help")
    assert code == 0
    assert "--on-suspect" in out


def test_messages_as_json(tmp_path):
    (tmp_path / "a.txt").write_bytes(bytes(range(256)) * 40)
    code, _, err = cleancopy("clean", "a.txt", "-o", "out", "--log", "json", cwd=tmp_path)
    assert code == 1
    (message,) = map(json.loads, err.splitlines())
    assert (message["event"], message["path"], message["row"]) == ("failure", "a.txt", None)
    assert "a.txt" in message["message"]
    (error,) = map(json.loads, cleancopy("clean", "a.txt", "--log", "json", cwd=tmp_path)[2].splitlines())
    assert error["event"] == "error"
