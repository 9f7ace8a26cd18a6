"""What the analytics service says no to."""

from __future__ import annotations

from chassis.errors import Conflict, Gone, Invalid, Refusal, Unavailable, Unknown


def bad_purpose(why: str) -> Invalid:
    """Nobody can be read for this purpose."""
    return Invalid("analytics.bad_purpose", f"The purpose cannot be pursued: {why}.")


def bad_rule(pointer: str, message: str) -> Invalid:
    """The rule cannot be used; the pointer names the place in it."""
    return Invalid("segment.bad_rule", "The rule cannot be used.", errors=[{"pointer": f"/rule{pointer}", "detail": message}])


def unknown_segment() -> Unknown:
    return Unknown("segment.unknown", "There is no such segment.")


def name_taken() -> Conflict:
    return Conflict("segment.name_taken", "An active segment has this name already.")


def archived() -> Gone:
    return Gone("segment.archived", "The segment is archived.")


def needed_elsewhere(names: list[str]) -> Conflict:
    return Conflict("segment.in_use", "Other segments ask for this one; change them first.", segments=names)


def version_moved(version: int) -> Conflict:
    return Conflict("segment.version_moved", "The segment was changed meanwhile; read it again.", version=version)


def unknown_snapshot() -> Gone:
    return Gone("snapshot.gone", "There is no such frozen audience, or it has expired: take a new one with ?snapshot=true.")


def unknown_customer() -> Unknown:
    return Unknown("customer.unknown", "Analytics knows no such customer (yet).")


def unknown_metric(known: list[str]) -> Unknown:
    return Unknown("metric.unknown", "There is no such metric.", known=known)


def bad_window(message: str) -> Invalid:
    return Invalid("metric.bad_window", message)


def bad_grouping(known: list[str]) -> Invalid:
    return Invalid("metric.bad_grouping", "The metric cannot be split by this.", known=known)


def bad_market() -> Invalid:
    return Invalid("metric.bad_market", "By channel the costs of a channel stand against whom it won; they are booked for no market, segment or purpose: ask without one, or not by channel.")


def reference_reused() -> Conflict:
    return Conflict("cost.reference_reused", "Another cost entry has this reference.")


def rows_of_parts(names: tuple[str, ...]) -> Invalid:
    return Invalid("metric.no_rows", "This metric is made of two others: ask for the rows of those.", known=list(names))


def too_many_rows(most: int) -> Invalid:
    return Invalid("import.too_many_rows", f"A file has at most {most} rows: send it in parts.")


def no_rows() -> Invalid:
    return Invalid("import.no_rows", "The file has no row under its header.")


def file_too_large(most: int) -> Invalid:
    return Invalid("import.too_large", f"A file has at most {most} bytes: send it in parts.")


def not_utf8() -> Invalid:
    return Invalid("import.not_utf8", "The file is not UTF-8: save it as UTF-8 and send it again.")


def rule_of_a_list() -> Invalid:
    return Invalid("segment.no_rule", "A segment of the kind list has no rule, every other one has: the kind stays as it was made.")


def no_list() -> Conflict:
    return Conflict("segment.no_list", "The members of this segment follow from its rule; only a segment of the kind list takes them by hand.")


def no_member_column() -> Invalid:
    return Invalid("import.no_column", "The header of the file names customer_id or identity.")


def bad_definition(pointer: str, message: str) -> Invalid:
    """The definition of a computed trait cannot be used; the pointer names the place in it."""
    return Invalid("trait.bad_definition", "The definition cannot be used.", errors=[{"pointer": f"/definition{pointer}", "detail": message}])


def trait_taken() -> Conflict:
    return Conflict("trait.name_taken", "A computed trait has this name already.")


def unknown_trait() -> Unknown:
    return Unknown("trait.unknown", "There is no such computed trait.")


def bad_step(pointer: str, message: str) -> Invalid:
    return Invalid("funnel.bad_step", "A step cannot be used.", errors=[{"pointer": pointer, "detail": message}])


def unknown_table(known: list[str]) -> Unknown:
    return Unknown("warehouse.unknown_table", "There is no such table to copy.", known=known)


def bad_question(why: str) -> Invalid:
    return Invalid("query.refused", f"The question is not answered: {why}")


def question_too_long(seconds: float) -> Invalid:
    return Invalid("query.too_long", f"The question took longer than {seconds:g} seconds: ask for less.")


def questions_busy() -> Unavailable:
    return Unavailable("query.busy", "Another question is being answered: try again in a moment.")


def unknown_assessment(known: list[str]) -> Unknown:
    return Unknown("assessment.unknown", "There is no such questionnaire.", known=known)


def bad_answer(pointer: str, message: str) -> Invalid:
    return Invalid("assessment.bad_answer", "An answer cannot be used.", errors=[{"pointer": pointer, "detail": message}])


def not_ready(missing: list[str]) -> Conflict:
    return Conflict("go_live.not_ready", "The checklist does not pass: answer what is missing, or waive it by name with a reason.", missing=missing)


def unknown_model(known: list[str]) -> Unknown:
    return Unknown("model.unknown", "There is no such kind of model.", known=known)


def bad_options(pointer: str, message: str) -> Invalid:
    return Invalid("model.bad_options", "The model cannot be fitted like this.", errors=[{"pointer": pointer, "detail": message}])


def known_later(found: dict[str, tuple[int, int]]) -> Invalid:
    return Invalid(
        "model.leaks", "An attribute is only known after the contact; leave it out.",
        errors=[
            {"pointer": "/attributes", "detail": f"{name}: {after} of the {known} contacted customers who have it got this value after the contact"}
            for name, (known, after) in found.items()
        ],
    )


def leaks(name: str) -> Invalid:
    return Invalid(
        "model.leaks", "An attribute is only known after the outcome; leave it out.",
        errors=[{"pointer": "/attributes", "detail": f"{name} is the outcome itself or follows from it"}],
    )


def fit_runs() -> Conflict:
    return Conflict("model.fit_runs", "A fit of this model waits or runs already; wait for its end.")


def unknown_fit() -> Unknown:
    return Unknown("model.unknown_fit", "There is no such fit of this kind of model.")


def unknown_version() -> Unknown:
    return Unknown("model.unknown_version", "This model has no such version (yet): fit it first.")


def no_rules(known: list[str]) -> Unknown:
    return Unknown("model.no_rules", "This kind of model has no rules to set.", known=known)


def bad_rules(pointer: str, message: str) -> Invalid:
    return Invalid("model.bad_rules", "The rules cannot be used.", errors=[{"pointer": pointer, "detail": message}])


def nothing_to_choose_from(score: str) -> Conflict:
    return Conflict("selection.no_model", "Nobody carries the score that the choice is made by: fit its model first.", score=score)


def unknown_selection() -> Unknown:
    return Unknown("selection.unknown", "There is no such selection.")


def unknown_report() -> Unknown:
    return Unknown("report.unknown", "There is no such report.")


def unknown_run() -> Unknown:
    return Unknown("report.unknown_run", "There is no such run of this report, or its time is over.")


def report_taken() -> Conflict:
    return Conflict("report.name_taken", "An active report has this name already.")


def bad_figure(number: int, refusal: Refusal) -> Invalid:
    """A question of a report cannot be answered; the pointer names it."""
    return Invalid("report.bad_figure", "A figure of the report cannot be asked.", errors=[{"pointer": f"/figures/{number}", "detail": f"{refusal.code}: {refusal.message}"}])


def too_many_reports(most: int) -> Conflict:
    return Conflict("report.too_many", f"There are {most} reports already: archive some.")
