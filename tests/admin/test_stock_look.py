"""Every page also opens on Django's own admin, so that the look can be changed or dropped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "orchestration/templates"
TELLING = (
    # words of the names of those tests that open a page, show a list or a form; rights are the same on any look
    "for_nobody_else and root", "test_the_pages_open", "empty_list", "costs_the_same_with_three", "filters_made_empty",
    "by_reference_and_filters", "what_was_decided_why", "attempts_and_errors", "waiting_child", "cancelling_asks",
    "moves_to_a_version", "is_waited_for_and_until", "is_shown_once_and_works", "revoking_asks", "shows_its_keys",
    "events_chosen", "empty_installation", "overdue_work", "emergencies_are_shown", "story_in_three_browsers",
    "keeps_it_from_being_submitted", "author_withdraws", "rolling_back", "stand_side_by_side", "activity_tells",
    "uses_and_history", "saved_on_its_own", "parameter_is_added", "rule_and_its_yaml", "rule_is_saved_and",
    "of_two_on_one_rule", "deleted_meanwhile_gives", "of_a_draft_offers", "both_versions_side_by_side",
    "run_piece_by_piece", "written_changed_and_deleted", "two_people_at_one_scenario", "survives_a_lost_permission",
    "scenarios_go_out", "its_words_and_its_source", "two_who_edit_a_table", "gone_or_no_draft", "dmn_file_with_two",
    "starts_with_an_example", "conditions_and_the_nearest", "fragment", "reads_in_plain_words", "section_by_section",
    "two_who_edit_the_second", "in_red_until", "discarding_asks", "claiming", "decision_with_its_note",
    "preview_tells", "sending_back_corrects", "open_work_most_urgent", "can_be_narrowed", "approval_shows",
    "closed_item", "published_and_the_figures", "settings_are_saved", "autonomy_changes", "imported_as_a_draft",
    "agents_are_listed", "first_queue", "set_replaced_and_used", "bad_file_changes_nothing",
    "where_it_is_used_and_what_it_did", "circuit_of_a_step", "step_its_yaml", "second_sees_both_and_loses",
    "what_was_found_is_shown", "offered_by_version", "what_was_told_before", "cannot_be_is_told", "counts_by_outcome",
)  # fmt: skip


@pytest.mark.slow
def test_every_page_opens_on_the_stock_look(tmp_path: Path) -> None:
    """The telling tests in a process of their own, with ADMIN_LOOK=stock, on SQLite; no template is left out."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DATABASE_URL"))
    }
    rendered = tmp_path / "rendered"
    environment |= {"ADMIN_LOOK": "stock", "VAR_DIR": str(tmp_path), "DEMO": "1", "RENDERED": str(rendered)}
    files = sorted(str(path) for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__))
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.admin.rendered"]
    command = [sys.executable, "-m", "pytest", *options, "-k", " or ".join(f"({one})" for one in TELLING), *files]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    ours = {str(path.relative_to(TEMPLATES)) for path in (TEMPLATES / "orchestration/admin").rglob("*.html")}
    assert ours - set(rendered.read_text().split("\n")) == set(), "TELLING lacks a test that opens these"
