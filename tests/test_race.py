"""The race: the page's runner against PyTorch's, what it shows, and how it runs in a page."""

import json
import re
from base64 import b64decode

import pytest
from browsing import served, wait_until, watched
from engine_node import node, run_jobs
from everything import EVERYTHING

from resnet_lab import explorers, jobs
from resnet_lab.explorers.race import ends


def test_points_are_the_pages():
    theirs = node("console.log(JSON.stringify([0, 3].map((seed) => spirals(300, seed))))")
    for seed, points in zip((0, 3), theirs, strict=True):
        assert points == [list(point) for point in jobs.spirals(300, seed)]
        assert all(abs(x) < 1 and abs(y) < 1 for x, y, _ in points)


@pytest.mark.parametrize(
    "task, depth, shortcut, batchnorm",
    [
        ("spirals", 8, "B", True),
        ("digits", 8, "A", True),
        ("spirals", 20, "none", True),
        ("digits", 8, "B", False),
    ],
)
def test_fifty_steps_are_pytorchs(one_thread, task, depth, shortcut, batchnorm):
    torch = pytest.importorskip("torch")
    from resnet_lab.job_runner import digits_text, run

    job = jobs.race(task, depth, shortcut, 0.05, 60, 2, batchnorm)
    job = {**job, "steps": 50, "every": 1}
    data = {"digits": digits_text()}
    ((theirs, _),) = run_jobs({"job": job, "data": data, "options": {"precision": "float64"}})
    ours = list(run(job, torch.float64))
    assert [each["step"] for each in theirs] == [each["step"] for each in ours]
    for kind in ("plain", "residual"):
        losses = [each[-1]["losses"][kind] for each in (theirs, ours)]
        # A deep plain network doubles rounding at each layer of each step.
        same = 50 if depth == 8 else 4
        assert losses[0][:same] == pytest.approx(losses[1][:same], rel=1e-7, abs=1e-9)
        if task == "spirals" and depth == 8:
            cells = [b64decode(each[-1]["maps"][kind]) for each in (theirs, ours)]
            assert len(cells[0]) == 1024 and 0 <= min(cells[0]) and max(cells[0]) <= 64
            assert max(abs(one - other) for one, other in zip(*cells, strict=True)) <= 1
    if shortcut == "none":
        assert theirs[-1]["losses"]["plain"] == theirs[-1]["losses"]["residual"]


def test_a_loss_that_is_no_number_is_said(one_thread):
    pytest.importorskip("torch")
    from resnet_lab.job_runner import run

    job = {**jobs.race("spirals", 8, lr=1e9, steps=20), "every": 1}
    ((theirs, _),) = run_jobs({"job": job})
    for last in (theirs[-1], list(run(job))[-1]):
        assert max(max(curve) for curve in last["losses"].values()) == jobs.MOST
        said = explorers.race.view(**{**explorers.race.start, "steps": 20}, results=last)
        assert "a loss is no longer a number" in said


@pytest.mark.parametrize("task, lr, steps", [("spirals", 0.05, 300), ("digits", 0.1, 200)])
def test_the_deep_plain_twin_stays_behind_in_every_seed(task, lr, steps):
    """Degradation, with the set-ups that the buttons set: against its residual twin and against the
    plain network of 8 layers."""
    data, seeds = {}, range(5 if EVERYTHING or task == "spirals" else 2)
    if task == "digits":
        pytest.importorskip("torch")
        from resnet_lab.job_runner import digits_text

        data["digits"] = digits_text()
    given = [
        {"job": jobs.race(task, depth, lr=lr, steps=steps, seed=seed), "data": data}
        for seed in seeds
        for depth in (32, 8)
    ]
    found = run_jobs(*given)
    for seed in seeds:
        (deep, took), (shallow, _) = found[2 * seed : 2 * seed + 2]
        deep, shallow = ends(deep[-1]["losses"]), ends(shallow[-1]["losses"])
        print(f"{task}, seed {seed}: 32 layers {deep}, 8 layers {shallow}; {took:.0f} ms")
        assert deep["plain"] > 5 * deep["residual"]
        assert deep["plain"] > 5 * shallow["plain"]


@pytest.mark.parametrize("task", ["spirals", "digits"])
def test_the_python_that_is_copied_repeats_the_run_with_fit(capsys, one_thread, task):
    """It is complete, and ends near what the job gives: the batches come in another order."""
    pytest.importorskip("torch")
    from resnet_lab.job_runner import run

    values = {**explorers.race.start, "task": task, "depth": 8, "steps": 100}
    exec(explorers.race.code(values), {})
    printed = capsys.readouterr().out
    last = list(run(explorers.race.job(**values)))[-1]
    for kind, curve in last["losses"].items():
        loss = float(re.search(rf"{kind} {{.*'loss': ([\d.e-]+)", printed)[1])
        assert 1 / 4 < loss / curve[-1] < 4, (kind, loss, curve[-1])


@pytest.fixture(scope="module")
def race_page(page_of):
    from _ext import job_scripts

    path = page_of(explorers.race.to_html(), translated=True)
    job_scripts.write_recorded(path.parent)
    return path


@pytest.fixture(params=["file", "http"])
def address(request, race_page):
    if request.param == "file":
        yield race_page.as_uri()
        return
    with served(race_page.parent) as origin:
        yield f"{origin}/{race_page.name}"


def race_at(browser, address, before="", **options):
    """The race's page, ready, with its requests noted."""
    opened = watched(browser, address.rpartition("/")[0], **options)
    opened.set_default_timeout(120_000)
    opened.asked = set()
    opened.on("request", lambda request: opened.asked.add(request.url.rpartition("/")[2]))
    if before:
        opened.add_init_script(before)
    opened.goto(address)
    opened.wait_for_function("window.resnet_lab")
    opened.wait_for_timeout(500)
    return opened


@pytest.fixture
def opened(browser, race_page):
    opened = race_at(browser, race_page.as_uri())
    yield opened
    assert not opened.trouble
    opened.close()


def done(opened):
    opened.wait_for_function("document.querySelector('progress').value === 1")


def shows_the_end(opened, results, **values):
    """Wait for the end; the page then shows what CPython makes of these results."""
    done(opened)
    steps = results["step"]
    wait_until(opened, lambda: f"fter {steps} steps" in opened.inner_text(".rl-formula"))
    shown, expected = opened.evaluate(
        """html => [document.querySelector(".rl-view").innerHTML,
            Object.assign(document.createElement("div"), {innerHTML: html}).innerHTML]""",
        explorers.race.render({**explorers.race.start, **values}, results),
    )
    assert shown == expected
    assert opened.inner_text("[role=status]") == opened.inner_text(".rl-formula")


def test_a_race_in_a_page_ends_as_under_node(browser, address):
    """From a disk and from a server; nothing is fetched before it is asked for."""
    opened = race_at(browser, address)
    assert not opened.asked & {"jobs.js", "digits.js", "recorded-race.js"}
    browser.start_tracing(page=opened, categories=["toplevel"])
    opened.click("[data-job=start]")
    ((results, took),) = run_jobs({"job": jobs.race()})
    shows_the_end(opened, results[-1])
    tasks = main_thread_tasks(json.loads(browser.stop_tracing()))
    print(f"longest task of the page during a race: {max(tasks):.0f} ms of processor time")
    assert "jobs.js" in opened.asked and "digits.js" not in opened.asked
    # The goal is 50 ms; as machines differ, the bound is a part of what the race takes under node.
    assert max(tasks) < took / 3
    assert not opened.trouble
    opened.close()


def main_thread_tasks(trace):
    """Milliseconds of processor time of every task of a page's main thread."""
    events = trace["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        event.get("tdur", 0) / 1000
        for event in events
        if event.get("ph") == "X"
        and "RunTask" in event["name"]
        and (event["pid"], event["tid"]) in main
    ]


def test_digits_in_a_page_end_as_under_node(opened):
    from resnet_lab.job_runner import digits_text

    values = {"task": "digits", "depth": 8, "lr": 0.1, "steps": 100}
    for name, value in values.items():
        opened.locator(f"label[for='race-{name}-{str(value)}']").click()
    opened.click("[data-job=start]")
    job = explorers.race.job(**{**explorers.race.start, **values})
    ((results, _),) = run_jobs({"job": job, "data": {"digits": digits_text()}})
    shows_the_end(opened, results[-1], **values)
    assert "digits.js" in opened.asked


def test_who_wants_no_motion_sees_the_recorded_end(browser, race_page):
    """And may train all the same: it ends alike, without moving pictures."""
    opened = race_at(browser, race_page.as_uri(), reduced_motion="reduce")
    ((results, _),) = run_jobs({"job": jobs.race()})
    wait_until(opened, lambda: opened.inner_text(".rl-steps").startswith("Recorded. The button"))
    formula = explorers.race.render(results=results[-1]).split("rl-formula'>")[1].split("<")[0]
    assert opened.inner_text(".rl-formula") == formula
    opened.locator("label[for='race-depth-8']").click()
    wait_until(opened, lambda: "8 layers, not yet" in opened.inner_text(".rl-formula"))
    opened.click("[type=reset]")
    wait_until(opened, lambda: opened.inner_text(".rl-formula") == formula)
    opened.evaluate(
        """() => { window.seen = new Set();
            new MutationObserver(() => seen.add(document.querySelector(".rl-formula").textContent))
                .observe(document.querySelector(".rl-view"), {childList: true}); }"""
    )
    opened.click("[data-job=start]")
    wait_until(opened, lambda: opened.inner_text(".rl-steps") == "step 300 of 300")
    shows_the_end(opened, results[-1])
    assert not any(text.startswith("Step") for text in opened.evaluate("[...seen]"))
    assert not opened.trouble
    opened.close()


def test_without_webassembly_it_trains_slowly_and_says_so(browser, race_page):
    opened = race_at(browser, race_page.as_uri(), "delete window.WebAssembly;")
    wait_until(opened, lambda: "no WebAssembly" in opened.inner_text(".rl-steps"))
    values = {"depth": 8, "steps": 100}
    for name, value in values.items():
        opened.locator(f"label[for='race-{name}-{value}']").click()
    opened.click("[data-job=start]")
    ((results, _),) = run_jobs({"job": jobs.race(depth=8, steps=100)})
    shows_the_end(opened, results[-1], **values)
    assert "slowly: this browser has no WebAssembly" in opened.inner_text(".rl-steps")
    assert not opened.trouble
    opened.close()


def test_without_workers_the_recorded_end_is_all(browser, race_page):
    opened = race_at(browser, race_page.as_uri(), "delete window.Worker;")
    wait_until(opened, lambda: "cannot train" in opened.inner_text(".rl-steps"))
    assert opened.locator("[data-job=start]").is_disabled()
    assert "After 300 steps" in opened.inner_text(".rl-formula")
    opened.close()


def test_it_stops_at_once_and_twenty_races_leave_nothing_behind(opened):
    opened.locator("label[for='race-depth-8']").click()
    opened.locator("label[for='race-steps-100']").click()
    client = opened.context.new_cdp_session(opened)
    client.send("Performance.enable")

    def heap():
        client.send("HeapProfiler.collectGarbage")
        metrics = client.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in metrics if each["name"] == "JSHeapUsedSize") / 1e6

    sizes = []
    for _ in range(20):
        opened.click("[data-job=start]")
        done(opened)
        wait_until(opened, lambda: opened.inner_text("[data-job=start]") == "Train both")
        sizes.append(heap())
    print(f"heap after the 5th and the 20th race: {sizes[4]:.1f} and {sizes[-1]:.1f} MB")
    assert sizes[-1] - sizes[4] < 2
    assert not opened.workers
    opened.locator("label[for='race-depth-56']").click()
    opened.click("[data-job=start]")
    opened.wait_for_function("document.querySelector('progress').value > 0")
    took = opened.evaluate(
        """() => { const began = performance.now();
            document.querySelector("[data-job=stop]").click();
            return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
                () => done(performance.now() - began)))); }"""
    )
    print(f"from the click on Stop to the picture without a race: {took:.0f} ms")
    assert "not yet trained" in opened.inner_text(".rl-formula")
    assert took < 1000  # the goal is 200, on a machine with nothing else to do
    wait_until(opened, lambda: not opened.workers)


def test_it_pauses_goes_on_and_stops(opened):
    opened.locator("label[for='race-steps-600']").click()
    button = opened.locator("[data-job=start]")
    button.click()
    opened.wait_for_function("document.querySelector('progress').value > 0")
    button.click()
    assert button.inner_text() == "Go on"
    opened.wait_for_timeout(300)
    held = opened.inner_text(".rl-steps")
    opened.wait_for_timeout(300)
    assert opened.inner_text(".rl-steps") == held and re.match(r"step \d+ of 600", held)
    button.click()
    assert button.inner_text() == "Pause"
    opened.locator("[data-job=stop]").click()
    wait_until(opened, lambda: "not yet trained" in opened.inner_text(".rl-formula"))
    assert button.inner_text() == "Train both" and opened.inner_text(".rl-steps") == ""


def test_a_guess_is_answered_and_any_other_control_ends_the_race(opened):
    opened.locator("label[for='race-depth-8']").click()
    opened.click("[data-job=start]")
    done(opened)
    opened.locator("label[for='race-guess-residual']").click()
    wait_until(
        opened,
        lambda: opened.inner_text(".rl-formula").startswith(("You were right", "Not as you")),
    )
    opened.locator("label[for='race-depth-20']").click()
    wait_until(opened, lambda: "20 layers, not yet" in opened.inner_text(".rl-formula"))
    assert opened.evaluate("document.querySelector('progress').value") == 0


def test_a_race_in_a_notebook():
    """The button trains both with PyTorch; a control that moves ends it; a second start goes on."""
    pytest.importorskip("torch")
    pytest.importorskip("ipywidgets")
    from resnet_lab.explorers.notebook import notebook_form

    form = notebook_form(explorers.race)
    explorers.race.value = {**explorers.race.start, "depth": 8}
    assert "not yet trained" in form.view.value
    form.job.begin().join()
    assert "After 300 steps" in form.view.value and form.job.bar.value == 1
    work = form.job.begin()
    explorers.race.value = {"seed": 3}
    work.join()
    assert "not yet trained" in form.view.value
    explorers.race.value = explorers.race.start
