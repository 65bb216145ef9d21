"""Asks Optuna for trials and tells it what became of them: one JSON object a line, on stdin and stdout.

Started by `quarterhour search`. The first line of stdin has the settings: an argument would show a password in the
storage's URL to everybody on the machine. Storage, sampler, pruner, retries and the
order of many workers are Optuna's; which values are good is found out by whoever started this.
"""
import contextlib
import json
import signal
import sqlite3
import sys
import time
import warnings


def say(kind, **values):
    print(json.dumps({"said": kind, **values}), flush=True)


def fail(message, hint=""):
    say("error", message=message, hint=hint)
    sys.exit(1)


# Ctrl-C reaches all processes of a terminal. Whoever started this one says what becomes of the trial.
signal.signal(signal.SIGINT, signal.SIG_IGN)

# Read before anything can fail, so that whoever writes them finds a reader.
sys.stdin.reconfigure(encoding="utf-8")
SETTINGS = json.loads(sys.stdin.readline())

try:
    import optuna
except ImportError as error:
    fail(f"{sys.executable}: {error}", f"{sys.executable} -m pip install optuna")

from optuna.trial import TrialState
from sqlalchemy.exc import DBAPIError, IntegrityError

INTERRUPTED = "interrupted"
# A worker that has not been heard of for so many seconds is gone, and its trial is run again.
HEARTBEAT, GRACE = 30, 120
warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


class Interrupted(Exception):
    pass


class Failed(Exception):
    pass


class OnSqlite(optuna.storages.RDBStorage):
    """SQLite locks no row, so that two workers could take the same waiting trial: one after the other, by a file beside it."""

    def set_trial_state_values(self, trial_id, state, values=None):
        if state != TrialState.RUNNING:
            return super().set_trial_state_values(trial_id, state, values)
        path = f"{self.engine.url.database}.taking"
        with contextlib.closing(sqlite3.connect(path, timeout=100, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            return super().set_trial_state_values(trial_id, state, values)


def open_storage(url):
    again = getattr(optuna.storages, "RetryHeartbeatStaleTrialCallback", None)
    name = "heartbeat_stale_trial_callback"
    if again is None:
        again, name = optuna.storages.RetryFailedTrialCallback, "failed_trial_callback"
    # Others may hold SQLite's file for a moment.
    is_sqlite = url.startswith("sqlite")
    engine = {"connect_args": {"timeout": 100}} if is_sqlite else {}
    kind = OnSqlite if is_sqlite else optuna.storages.RDBStorage
    for left in reversed(range(5)):
        try:
            return kind(
                url, engine_kwargs=engine, heartbeat_interval=HEARTBEAT, grace_period=GRACE, **{name: again(max_retry=3)}
            )
        except DBAPIError as error:
            # Others that begin at the same moment make the tables too.
            if left == 0 or not (isinstance(error, IntegrityError) or "already exists" in str(error)):
                raise
            time.sleep(1)


def finished(trials):
    """those that came to an end of their own; what was interrupted or lost is run again under another number"""
    again = {number for trial in trials for number in trial.system_attrs.get("retry_history", [])}
    return [trial for trial in trials
            if trial.state.is_finished() and INTERRUPTED not in trial.user_attrs and trial.number not in again]


def running(study):
    return len(study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))


def is_enough(study):
    trials = study.get_trials(deepcopy=False)
    return len(finished(trials)) + running(study) >= SETTINGS["trials"]


def is_surplus(study, trial):
    """whether another worker, which looked at the same moment, has begun the last trial that was wanted"""
    trials = study.get_trials(deepcopy=False)
    counted = finished(trials) + [other for other in trials if other.state == TrialState.RUNNING]
    return sum(other.number <= trial.number for other in counted) > SETTINGS["trials"]


def suggest(trial, key, range):
    if "choices" in range:
        return trial.suggest_categorical(key, range["choices"])
    low, high, step, log = (range[name] for name in ("low", "high", "step", "log"))
    if range["whole"]:
        return trial.suggest_int(key, int(low), int(high), step=int(step or 1), log=log)
    return trial.suggest_float(key, low, high, step=step, log=log)


def objective(study):
    def of_trial(trial):
        if is_surplus(study, trial):
            trial.set_user_attr(INTERRUPTED, True)
            study.stop()
            raise Interrupted()
        try:
            return talk(trial)
        except BrokenPipeError:
            interrupt(trial)

    def interrupt(trial):
        # Nobody is there any more, or wants to go on: the same values are tried again by whoever is next.
        trial.set_user_attr(INTERRUPTED, True)
        study.enqueue_trial(trial.params)
        study.stop()
        raise Interrupted()

    def talk(trial):
        values = {key: suggest(trial, key, range) for key, range in SETTINGS["space"].items()}
        say("trial", number=trial.number, values=values)
        while True:
            line = sys.stdin.readline()
            heard = json.loads(line) if line else {"told": "interrupted"}
            match heard["told"]:
                case "score":
                    trial.report(heard["value"], heard["fold"])
                    say("prune", prune=bool(trial.should_prune()))
                case "pruned":
                    raise optuna.TrialPruned()
                case "value":
                    return heard["value"]
                case "failed":
                    trial.set_user_attr("error", heard["error"])
                    raise Failed(heard["error"])
                case _:
                    interrupt(trial)

    return of_trial


def optimize(study):
    optuna.storages.fail_stale_trials(study)
    enough = lambda study, _: study.stop() if is_enough(study) else None
    if not is_enough(study):
        study.optimize(objective(study), callbacks=[enough], catch=(Interrupted, Failed))
    say("done", running=running(study))


def state(trial):
    return "failed" if trial.state == TrialState.FAIL else trial.state.name.lower()


def list_trials(study):
    trials = study.get_trials(deepcopy=False)
    say("trials", running=running(study), trials=[
        {"number": trial.number, "state": state(trial), "values": trial.params,
         "value": trial.value, "error": trial.user_attrs.get("error"),
         "folds": {str(step): value for step, value in trial.intermediate_values.items()}}
        for trial in finished(trials)])


def main():
    try:
        storage = open_storage(SETTINGS["storage"])
        pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=SETTINGS["warm_up"])
        study = optuna.create_study(study_name=SETTINGS["study"], storage=storage, load_if_exists=True, pruner=pruner,
                                    direction=SETTINGS["direction"])
        # A search that goes on draws other values than it began with.
        count = len(study.get_trials(deepcopy=False))
        study.sampler = optuna.samplers.TPESampler(seed=SETTINGS["seed"] + count, constant_liar=True)
        settings = study.user_attrs.get("settings", SETTINGS["settings"])
        if settings != SETTINGS["settings"]:
            fail(f"{SETTINGS['storage']}: the study {SETTINGS['study']} was begun with another config, space or folds",
                 "--dir OTHER begins another one")
        study.set_user_attr("settings", settings)
    except Exception as error:  # Whatever the storage says, the one who asked tells it.
        fail(f"{SETTINGS['storage']}: {type(error).__name__}: {error}", "--storage URL names Optuna's storage")
    try:
        list_trials(study) if SETTINGS["list"] else optimize(study)
    except BrokenPipeError:
        sys.exit(1)


main()
