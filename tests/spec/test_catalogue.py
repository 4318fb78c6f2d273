"""The catalogue: 71 services as data, each rule run once for each, and a table that is no table is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from slrspec.errors import SpecificationError, UsageError
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import document_ids, features_folder
from slrspec.spec.services import read_services
from tests.conftest import SHARED, slrspec

HEADER = "service\trole\tpolicy\tsuffix\tsource\trecorded\n"
ROW = "x.amazonaws.com\tAWSServiceRoleForX\tXPolicy\tno\tsomebody\t2025-03-13\n"


def test_every_service_has_a_scenario_of_every_rule_that_is_about_it() -> None:
    specification = read_specification(features_folder("catalogue"))
    services = specification.document.services
    assert len(services) == 71
    suffixed = [service for service in services if service.takes_suffix]
    expected = {"SLR-CRE-02": len(services) - len(suffixed), "SLR-CRE-03": len(suffixed)}
    for rule in specification.rules:
        of_its_own = [scenario for scenario in rule.scenarios if "disposable" in scenario.tags]
        assert len(of_its_own) in {0, len(suffixed)}, rule.id
        assert len(rule.scenarios) - len(of_its_own) == expected.get(rule.id, len(services)), rule.id
        assert sum(told.times for told in rule.told) == len(rule.scenarios)
        assert len(rule.told) == (2 if of_its_own else 1)
        assert all("<service>" in told.name for told in rule.told)
    by_service = [
        specification.service_of(scenario).principal for scenario in specification.by_id["SLR-DEF-01"].scenarios
    ]
    assert by_service == [service.principal for service in services]


def test_the_rows_are_those_that_were_recorded_on_aws() -> None:
    if not SHARED.is_dir():
        pytest.skip("the recorded facts are not here")
    lines = (SHARED / "facts" / "service-linked-roles.tsv").read_text().splitlines()[1:]
    recorded = {tuple(line.split("\t")) for line in lines}
    ours = {
        (s.principal, s.role, f"aws-service-role/{s.policy}", "yes" if s.takes_suffix else "no")
        for s in read_specification(features_folder("catalogue")).document.services
    }
    assert ours == recorded


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "the columns must be"),
        (HEADER.replace("suffix", "suffixed"), 1, "the columns must be"),
        (HEADER + ROW + ROW, 3, "a second line for x.amazonaws.com"),
        (HEADER + ROW.replace("\tno\t", "\tmaybe\t"), 2, "suffix is yes or no"),
        (HEADER + ROW.replace("2025-03-13", "then"), 2, "'then' is no day"),
        (HEADER + ROW.replace("XPolicy", ""), 2, "none of them empty"),
        (HEADER + ROW.replace("\n", "\tmore\n"), 2, "6 columns"),
        (HEADER + "x.amazonaws.com\n", 2, "6 columns"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    file = tmp_path / "services.tsv"
    file.write_text(text)
    with pytest.raises(SpecificationError) as caught:
        read_services(file)
    assert f"services.tsv:{line}: " in str(caught.value)
    assert said in str(caught.value)


def test_a_document_names_one_service_or_a_table_of_them(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(features_folder("catalogue"), tmp_path / "features"))
    document = folder / "document.toml"
    text = document.read_text()
    for broken, said in (
        (text.replace('services = "services.tsv"', ""), "needs either"),
        (text + 'service = "rds.amazonaws.com"\n', "needs either"),
        (text.replace('services = "services.tsv"', 'service = "nobody.amazonaws.com"'), "no service 'nobody"),
        (text.replace("services.tsv", "elsewhere.tsv"), "no such table"),
    ):
        document.write_text(broken)
        with pytest.raises(SpecificationError, match=said):
            read_specification(folder)


def test_a_document_that_slrspec_does_not_have_is_refused_by_its_name() -> None:
    assert document_ids()[0] == "rds"
    assert "catalogue" in document_ids()
    with pytest.raises(UsageError, match=r"unknown document 'nothing' \(known: rds, "):
        features_folder("nothing")


def test_a_scenario_for_each_service_has_no_examples_of_its_own(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(features_folder("catalogue"), tmp_path / "features"))
    file = folder / "4_deleting.feature"
    file.write_text(file.read_text() + "\n      Examples:\n        | one |\n        | two |\n")
    with pytest.raises(SpecificationError, match="runs for each service already"):
        read_specification(folder)


def test_the_model_keeps_every_rule_for_a_few_services_and_stock_moto_does_not(tmp_path: Path) -> None:
    services = ("--service", "rds", "--service", "autoscaling", "--service", "elasticache.amazonaws.com")
    ours = ("run", "--document", "catalogue", *services, "--format", "json", "--no-deviations", "--no-history")
    kept = slrspec(*ours, "--provider", "documented", cwd=tmp_path)
    assert kept.returncode == 0, kept.stderr
    results = json.loads(kept.stdout)
    assert results["document"]["id"] == "catalogue"
    assert len(results["scenarios"]) == 3 * 18 + 16
    assert (tmp_path / ".slrspec" / "catalogue" / "results.json").is_file()
    broken = slrspec(*ours, "--provider", "moto", "--rule", "SLR-DEF-01", "--rule", "SLR-DEF-02", cwd=tmp_path)
    assert broken.returncode == 1
    verdicts = {rule["id"]: rule["verdicts"][0]["verdict"] for rule in json.loads(broken.stdout)["rules"]}
    assert verdicts == {"SLR-DEF-01": "fail", "SLR-DEF-02": "pass"}


def test_each_row_is_judged_by_itself(tmp_path: Path) -> None:
    """A wrong name in the table fails the naming rule of that service, and of no other."""
    folder = Path(shutil.copytree(features_folder("catalogue"), tmp_path / "features"))
    table = folder / "services.tsv"
    table.write_text(table.read_text().replace("AWSServiceRoleForSSO\t", "AWSServiceRoleForS50\t"))
    run = slrspec(
        *("run", "--features", folder, "--rule", "SLR-DEF-01", "--service", "sso", "--service", "ses"),
        *("--provider", "documented", "--format", "json", "--no-history"),
        cwd=tmp_path,
    )
    found = {one["name"]: one["verdict"] for one in json.loads(run.stdout)["scenarios"]}
    assert found == {"The name of ses.amazonaws.com's role": "pass", "The name of sso.amazonaws.com's role": "fail"}


def test_an_unknown_service_is_one_line(tmp_path: Path) -> None:
    run = slrspec("run", "--document", "catalogue", "--service", "rdx", "--no-deviations", cwd=tmp_path)
    assert run.returncode == 2
    assert "unknown service 'rdx.amazonaws.com' (did you mean rds.amazonaws.com" in run.stderr
    assert run.stderr.count("\n") == 1
