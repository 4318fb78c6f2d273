"""`slrspec drift`: what policies grant, whatever they look like, and the history of the real one."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from slrspec.documented.catalogue import policy_versions
from slrspec.providers.server_process import free_port
from slrspec.tracing.drift import NamedPolicy, compare_policies, record_of
from tests.conftest import slrspec

KINDS = ("added", "removed", "widened", "narrowed")
HISTORY = [
    ("v5", "2019-02-04", 36, None),
    ("v6", "2019-04-16", 40, (4, 0, 0, 0)),
    ("v7", "2020-07-31", 41, (1, 0, 0, 0)),
    ("v8", "2020-10-21", 42, (1, 0, 0, 0)),
    ("v9", "2020-11-21", 51, (9, 0, 0, 0)),
    ("v10", "2022-02-24", 56, (5, 0, 1, 0)),
    ("v11", "2022-03-21", 56, (0, 0, 1, 0)),
    ("v12", "2022-12-13", 65, (9, 0, 0, 0)),
    ("v13", "2024-01-19", 65, (0, 0, 0, 0)),
    ("v14", "2024-07-01", 64, (0, 1, 0, 0)),
]


def test_the_history_of_the_policy(tmp_path: Path) -> None:
    told = json.loads(slrspec("drift", "--history", "--format", "json", cwd=tmp_path).stdout)
    found = [
        (
            one["version"],
            one["created"],
            one["grants"],
            tuple(len(one[k]) for k in KINDS) if "added" in one else None,
        )
        for one in told
    ]
    assert found == HISTORY
    assert [one["action"] for one in told[-1]["removed"]] == ["sns:Publish"]


def test_the_history_as_markdown(tmp_path: Path) -> None:
    told = slrspec("drift", "--history", "--format", "markdown", cwd=tmp_path).stdout
    assert told.startswith("### v5 of 2019-02-04: 36 grants\n\n### v6 of 2019-04-16: 40 grants; 4 added\n\n* `+` ")
    assert told.count("### ") == len(HISTORY)


def test_the_history_is_of_no_baseline(tmp_path: Path) -> None:
    done = slrspec("drift", "--history", "--baseline", "x", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "slrspec: --history and --baseline exclude each other\n")


def test_where_nobody_listens_there_is_no_drift_to_tell_of(tmp_path: Path) -> None:
    done = slrspec("drift", "--provider", f"endpoint:http://127.0.0.1:{free_port()}", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("slrspec: the role cannot be read: http://127.0.0.1:")
    assert done.stderr.count("\n") == 1


def policy(*statements: Any) -> NamedPolicy:
    return NamedPolicy("p", {"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def only(*values: str) -> dict[str, Any]:
    return {"StringEquals": {"k": list(values)}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (allow("a:B"), allow(["a:B"], ["*"]), (0, 0, 0, 0)),
        (allow(["a:B", "a:C"]), allow(["a:C", "a:b"]), (0, 0, 0, 0)),
        (allow("a:B"), allow(["a:B", "a:C"]), (1, 0, 0, 0)),
        (allow(["a:B", "a:C"]), allow("a:B"), (0, 1, 0, 0)),
        (allow("a:B", "arn:x/*"), allow("a:B"), (0, 0, 1, 0)),
        (allow("a:B"), allow("a:B", "arn:x/*"), (0, 0, 0, 1)),
        (allow("a:B", Condition=only("v")), allow("a:B"), (0, 0, 1, 0)),
        (allow("a:B"), allow("a:B", Condition=only("v")), (0, 0, 0, 1)),
        (allow("a:B", Condition=only("v")), allow("a:B", Condition=only("v", "w")), (0, 0, 1, 0)),
        (allow("a:B", Condition=only("v")), allow("a:B", Condition=only("w")), (1, 1, 0, 0)),
        (allow("a:B"), allow("a:*"), (0, 0, 1, 0)),
    ],
)
def test_one_change(old: Any, new: Any, expected: tuple[int, ...]) -> None:
    found = compare_policies(policy(old), policy(new))
    assert tuple(map(len, (found.added, found.removed, found.widened, found.narrowed))) == expected
    assert found.any is any(expected)


@pytest.mark.parametrize("seed", range(30))
def test_a_policy_that_is_only_written_otherwise_has_not_drifted(seed: int) -> None:
    draw = random.Random(seed)
    document = json.loads(draw.choice(policy_versions()).document)
    statements = [
        {**statement, "Action": [action]}
        for statement in document["Statement"]
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    ]
    draw.shuffle(statements)
    for statement in statements:
        statement.pop("Sid", None)
        if isinstance(statement["Resource"], list):
            draw.shuffle(statement["Resource"])
    assert not compare_policies(NamedPolicy("one", document), policy(*statements)).any


@pytest.mark.parametrize(
    ("provider", "code", "said"),
    [
        ("documented:edition=v14", 0, "no drift: pinned v14 -> live v14: the same grants\n"),
        ("documented", 1, "DRIFT: pinned v14 -> live v6: 1 added, 25 removed\n"),
        ("documented:edition=v14,two-services-trusted", 1, "Allow Service docdb.amazonaws.com"),
        ("documented:edition=v14,second-policy", 1, "policies: "),
        ("documented:edition=v14,path-of-ordinary-roles", 1, "path: "),
        ("documented:edition=v14,no-splitting-of-shards", 1, "1 removed"),
        ("moto", 1, "AWSServiceRoleForrds is live"),
    ],
)
def test_what_is_live_is_compared(provider: str, code: int, said: str, tmp_path: Path) -> None:
    run = slrspec("drift", "--provider", provider, "--format", "line", cwd=tmp_path)
    assert run.returncode == code, run.stderr
    assert said in run.stdout
    assert run.stdout.count("\n") == 1


def test_a_file_will_do_and_each_format_tells_the_same(tmp_path: Path) -> None:
    newest = json.loads(policy_versions()[-1].document)
    printed = {"PolicyVersion": {"VersionId": "v14", "Document": newest}}
    (tmp_path / "live.json").write_text(json.dumps(printed))
    assert slrspec("drift", "--live", "live.json", cwd=tmp_path).returncode == 0
    against = ["drift", "--live", "live.json", "--baseline", "v13"]
    text, markdown = (slrspec(*against, "--format", form, cwd=tmp_path) for form in ("text", "markdown"))
    told = json.loads(slrspec(*against, "--format", "json", cwd=tmp_path).stdout)
    assert (text.returncode, markdown.returncode, told["drift"]) == (1, 1, True)
    assert told["policies"][0]["removed"] == [{"action": "sns:Publish", "resource": "*", "condition": ""}]
    assert "- sns:Publish on * [" in text.stdout
    assert "* `-` sns:Publish on * [" in markdown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "drift needs something live"),
        (["--live", "a", "--provider", "moto"], "drift needs something live"),
        (["--live", "nowhere.json"], "cannot be read"),
        (["--live", "bad.json"], "bad.json:1: not JSON"),
        (["--live", "empty.json"], "no policy"),
        (["--provider", "nope"], "unknown provider"),
        (["--provider", "moto", "--baseline", "v99"], "no version of the policy"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "empty.json").write_text("{}")
    run = slrspec("drift", *arguments, cwd=tmp_path)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1), run.stderr
    assert said in run.stderr


def test_a_role_is_recorded_without_its_account() -> None:
    trust = {"Statement": {"Effect": "Allow", "Principal": {"Service": ["b", "a"]}, "Action": "sts:AssumeRole"}}
    role = {"RoleName": "n", "Path": "/p/", "AssumeRolePolicyDocument": trust}
    found = record_of(role, ["arn:aws-cn:iam::aws:policy/x"], ["y"])
    assert found.trusted == ("Allow Service a sts:AssumeRole", "Allow Service b sts:AssumeRole")
    assert found.policies == ("iam::aws:policy/x", "inline y")
