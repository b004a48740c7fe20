"""Every statement of a function or job is taken away once, and what it does is done without it.

It must fail then and name an action of the statement. Nothing of the platform is replaced: all act under their own
roles, on the cloud that Terraform applied to.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.journeys.conftest import Story
from tests.journeys.least_privilege import excused
from tests.lambdas.test_ingest_stream import batch, click
from tests.raw_lines import RECORDS

Deed = Callable[[], str]  # does what a role is for; what went wrong, "" when nothing did
Statement = Mapping[str, Any]

REFUSED = "{role} is not authorized to perform: {action} "
# Of which S3 says no more, here as there: to boto3 and to Arrow.
NO_BODY = ("(403) when calling the HeadObject operation", "ACCESS_DENIED during HeadObject operation")
LOG_OF_JOBS = "/aws-glue/jobs/output"
NOT_MISSED = ("logs:PutLogEvents",)  # Glue writes a job's log, and lets it succeed without
MOST_WAIT_S = 20.0
RUN_AT = "2026-03-03T02:30:00Z"


class Trials:
    """Tries deeds without statements; `survivors` are the statements that nobody missed, `tried` counts."""

    def __init__(self, story: Story, environment: str = "local") -> None:
        self._story = story
        self._prefix = f"cdp-{environment}-"
        self._iam = story.cloud.client("iam")
        self._lambda = story.cloud.client("lambda")
        self._glue = story.cloud.client("glue")
        self._logs = story.cloud.client("logs")
        self._numbers = iter(range(1, 10_000))
        self._seen = 0
        self.survivors: list[str] = []
        self.tried = 0

    def take_each(self, role: str, deed: Deed, but: Sequence[str] = ()) -> None:
        """Do the deed without each statement of the role, and then once with all of them."""
        for statement in sorted(self._statements(role), key=_order):
            if {*but} & {*statement["Action"]} or all(excused(role, action) for action in statement["Action"]):
                continue
            with self._without(role, [statement]):
                self._judge(role, statement, deed())
        wrong = deed()
        assert not wrong, f"{role} with all of its statements: {wrong}"

    def take_one(self, role: str, action: str, deed: Deed, broken: str = "") -> None:
        """Do the deed without the statement that allows `action`; `broken` is an action that is missing anyway."""
        missing = [s for s in self._statements(role) if {action, broken} & {*s["Action"]}]
        with self._without(role, missing):
            self._judge(role, next(s for s in missing if action in s["Action"]), deed())

    def function(self, name: str, event: Mapping[str, Any]) -> str:
        """Invoke a function and wait; also what its log could not take."""
        with self._journal() as wrong:
            answer = self._lambda.invoke(FunctionName=self._prefix + name, Payload=json.dumps(event))
            payload = answer["Payload"].read().decode()
            if "FunctionError" in answer:
                wrong.append(payload)
        return " ".join(wrong)

    def job(self, name: str, arguments: Mapping[str, str]) -> str:
        """Run a job and wait; its error and its log."""
        job = self._prefix + name
        run = self._glue.start_job_run(JobName=job, Arguments=dict(arguments))["JobRunId"]
        while "CompletedOn" not in (ended := self._glue.get_job_run(JobName=job, RunId=run)["JobRun"]):
            time.sleep(0.05)
        if ended["JobRunState"] == "SUCCEEDED":
            return ""
        log = self._logs.get_log_events(logGroupName=LOG_OF_JOBS, logStreamName=run)["events"]
        return " ".join([ended["ErrorMessage"], *(event["message"] for event in log)])

    def happens(self, function: str, send: Callable[[], object]) -> str:
        """Send something that a function takes by itself: what goes wrong first, and what its log says to that."""
        since = int(time.time() * 1000)
        with self._journal() as wrong:
            send()
            deadline = time.monotonic() + MOST_WAIT_S
            while not wrong and time.monotonic() < deadline:
                time.sleep(0.05)
                if not any(self._story.cloud.control.status()["backlog"].values()):
                    break
                wrong += self._new_errors()
        if wrong:
            group = f"/aws/lambda/{self._prefix}{function}"
            wrong += [e["message"] for e in self._logs.filter_log_events(logGroupName=group, startTime=since)["events"]]
        return " ".join(wrong)

    def number(self) -> int:
        """Another one each time."""
        return next(self._numbers)

    @contextmanager
    def _journal(self) -> Iterator[list[str]]:
        """Collects the errors of hand-overs that happen meanwhile."""
        self._new_errors()
        wrong: list[str] = []
        yield wrong
        wrong += self._new_errors()

    def _new_errors(self) -> list[str]:
        journal = self._story.cloud.control.deliveries()
        seen, self._seen = self._seen, len(journal)
        return [delivery["error"] for delivery in journal[seen:] if delivery["error"]]

    def _judge(self, role: str, statement: Statement, wrong: str) -> None:
        self.tried += 1
        named = [REFUSED.format(role=self._prefix + role, action=action) for action in statement["Action"]]
        if "s3:GetObject" in statement["Action"]:
            named += NO_BODY
        if not any(each in wrong for each in named):
            what = f"{role}: {', '.join(statement['Action'])} on {statement['Resource'][0]}"
            self.survivors.append(f"{what}: {wrong[:300] or 'was not missed'}")

    def _statements(self, role: str) -> list[Statement]:
        policy = self._iam.get_role_policy(RoleName=self._prefix + role, PolicyName="platform")["PolicyDocument"]
        return list(policy["Statement"])

    @contextmanager
    def _without(self, role: str, missing: list[Statement]) -> Iterator[None]:
        put = {"RoleName": self._prefix + role, "PolicyName": "platform"}
        everything = self._statements(role)
        kept = [statement for statement in everything if statement not in missing]
        self._iam.put_role_policy(**put, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": kept}))
        try:
            yield
        finally:
            document = {"Version": "2012-10-17", "Statement": everything}
            self._iam.put_role_policy(**put, PolicyDocument=json.dumps(document))


def _order(statement: Statement) -> tuple[int, str]:
    """Last what is missed when part of the work is done already, which the next try would find done."""
    services = {action.split(":")[0] for action in statement["Action"]}
    is_write = not {"s3:PutObject", "glue:UpdateTable"}.isdisjoint(statement["Action"])
    rank = 3 if "logs" in services else 2 if "dynamodb" in services else 1 if is_write else 0
    # A run's tables are published in the order of their names: those before the one that may not be are published.
    zone = re.search("clean|curated|identity", statement["Resource"][-1])
    return rank, zone.group() if zone else ""


def intake(trials: Trials, story: Story) -> None:
    """What takes records in: the stream's function and the files' function."""
    kinesis, s3 = story.cloud.client("kinesis"), story.cloud.client("s3")

    def clicks() -> str:
        first = 1000 * trials.number()
        return trials.function("ingest_stream", batch(click(first), b"{", first=first))

    def event() -> None:
        stream = story.platform.stream["event"]
        kinesis.put_record(StreamName=stream, Data=click(trials.number()), PartitionKey="a")

    def file() -> None:
        number = trials.number()
        product = RECORDS["product"] | {"product_id": f"P{number}"}
        lines = [json.dumps(product), json.dumps(product | {"currency": "€"}), "{"]
        key = f"landing/shop/product.v1/trial-{number}.jsonl"
        s3.put_object(Bucket=story.platform.bucket["raw"], Key=key, Body="\n".join(lines).encode())

    def nonsense() -> None:
        arn = story.platform.function["ingest_batch"]
        story.cloud.client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=b"{}")

    trials.take_each("function-ingest_stream", clicks, but=("kinesis:GetRecords",))
    trials.take_one("function-ingest_stream", "kinesis:GetRecords", lambda: trials.happens("ingest_stream", event))
    trials.take_each("function-ingest_batch", lambda: trials.happens("ingest_batch", file), but=("sqs:SendMessage",))
    trials.take_one("function-ingest_batch", "sqs:SendMessage", lambda: trials.happens("ingest_batch", nonsense))


def steps(trials: Trials, story: Story) -> None:
    """What opens a run, and what stewards invoke."""

    def plan() -> str:
        execution = execution_called(f"trial-{trials.number()}", story)
        # Asked again it answers from the manifest that it wrote; asked while another holds the lock it looks who.
        return trials.function("plan_run", {"execution": execution}) or trials.function(
            "plan_run", {"execution": execution}
        )

    assert plan() == ""
    trials.take_each("function-plan_run", plan)
    people = {"person_ids": ["shop:S000001", "crm:C000007"], "decided_by": "ann", "reason": "same passport"}
    trials.take_each(
        "function-decide_identity", lambda: trials.function("decide_identity", {"action": "merge", **people})
    )
    euro = {"name": "euro", "map": {"/currency": {"€": "EUR"}}}
    replay = {"select": {"dataset": "product"}, "fix": euro}  # one kind of record is mended by it, the other is not
    trials.take_each("function-replay_quarantine", lambda: trials.function("replay_quarantine", replay))


def jobs(trials: Trials, story: Story) -> None:
    """The jobs of a run that begins, as the last run of the state machine called them, one after the other."""
    last = jobs_of_last_run(story)
    execution = execution_called("trial-of-jobs", story)
    answer = story.cloud.client("lambda").invoke(
        FunctionName=story.platform.function["plan_run"], Payload=json.dumps({"execution": execution})
    )
    run_id = json.load(answer["Payload"])["run_id"]
    calls = [(name, arguments | {"--run_id": run_id}) for name, arguments in last]
    for number, (name, arguments) in enumerate(calls):
        if name in {later for later, _ in calls[number + 1 :]}:
            assert trials.job(name, arguments) == ""
            continue
        mine = [a for job, a in calls[: number + 1] if job == name]
        trials.take_each(
            f"job-{name}",
            lambda name=name, mine=mine: next(filter(None, (trials.job(name, a) for a in mine)), ""),
            but=NOT_MISSED,
        )


def execution_called(name: str, story: Story) -> dict[str, Any]:
    """An execution of the daily pipeline, as its state machine describes itself to plan_run."""
    machine = story.platform.state_machine["daily_pipeline"].replace(":stateMachine:", ":execution:")
    return {"Id": f"{machine}:{name}", "Input": {"run_at": RUN_AT}, "StartTime": RUN_AT}


def jobs_of_last_run(story: Story) -> list[tuple[str, dict[str, str]]]:
    """Names and arguments of the jobs that the last published run began, in order."""
    glue = story.cloud.client("glue")
    runs = [
        (run["StartedOn"], name, run["Arguments"])
        for name, job in story.platform.job.items()
        for run in glue.get_job_runs(JobName=job)["JobRuns"]
    ]
    runs.sort(key=lambda run: run[0])
    published = [arguments["--run_id"] for _, name, arguments in runs if name == "close_run"][-1]
    return [(name, arguments) for _, name, arguments in runs if arguments.get("--run_id") == published]
