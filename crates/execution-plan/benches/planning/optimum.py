"""How far the planner's schedules and bounds are from the best there are, by an exact solver.

    python -m venv /tmp/solver && /tmp/solver/bin/pip install ortools==9.15.*
    /tmp/solver/bin/python crates/execution-plan/benches/planning/optimum.py --family mixed --seeds 5 --time 30

It has the benchmark write its problems, solves each with CP-SAT, and prints for each: the planner's bound and schedule, and
the solver's, in seconds, and at the end the mean gaps. Where the solver's two figures agree, that is the optimum.
"""

import argparse
import json
import subprocess
import sys

from ortools.sat.python import cp_model


def solve(problem, time, workers):
    """The solver's bound and the time of its best schedule, in units of 0.1 s, rounded so that the bound stays one."""
    model = cp_model.CpModel()
    step = 100
    times = [job["time"] // step for job in problem["jobs"]]
    horizon = problem["searched"] // step + 1
    end = model.new_int_var(problem["bound"] // step, horizon, "end")
    on_unit = [[] for _ in range(problem["gpus"])]
    everywhere = []
    for number, (job, duration) in enumerate(zip(problem["jobs"], times)):
        start = model.new_int_var(0, horizon - duration, f"s{number}")
        model.add(start + duration <= end)
        everywhere.append((model.new_fixed_size_interval_var(start, duration, f"i{number}"), job))
        here = []
        for unit in range(problem["gpus"]):
            present = model.new_bool_var(f"p{number},{unit}")
            interval = model.new_optional_fixed_size_interval_var(start, duration, present, f"o{number},{unit}")
            on_unit[unit].append((interval, job["memory"]))
            here.append(present)
        model.add(sum(here) == job["gpus"])
    for intervals in on_unit:
        model.add_cumulative([interval for interval, _ in intervals], [memory for _, memory in intervals], problem["room"])
    room = problem["gpus"] * problem["room"]
    model.add_cumulative([it for it, _ in everywhere], [job["gpus"] * job["memory"] for _, job in everywhere], room)
    # Of jobs with more than half of a GPU no two share one.
    large = [(it, job["gpus"]) for it, job in everywhere if 2 * job["memory"] > problem["room"]]
    if large:
        model.add_cumulative([it for it, _ in large], [gpus for _, gpus in large], problem["gpus"])
    model.minimize(end)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = time
    solver.parameters.num_workers = workers
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return solver.best_objective_bound * step / 1000, solver.objective_value * step / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", default="mixed")
    parser.add_argument("--headroom", default="0")
    parser.add_argument("--seeds", default="5")
    parser.add_argument("--time", type=float, default=30)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--instances", help="a file that the benchmark wrote, instead of running it")
    arguments = parser.parse_args()
    if arguments.instances:
        lines = open(arguments.instances, encoding="utf-8").read()
    else:
        command = ["cargo", "bench", "-q", "-p", "execution-plan", "--bench", "planning", "--", "--instances"]
        command += [arguments.family, arguments.headroom, arguments.seeds]
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    gaps = []
    print("                     planner's           solver's")
    print("             bound    searched     bound     best")
    for line in lines.splitlines():
        problem = json.loads(line)
        bound, searched = problem["bound"] / 1000, problem["searched"] / 1000
        solved = solve(problem, arguments.time, arguments.workers)
        if solved is None:
            print(f"{problem['name']:<10} {bound:8.1f} {searched:8.1f}   no schedule found in time")
            continue
        best_bound, best = solved
        print(f"{problem['name']:<10} {bound:8.1f} {searched:8.1f} {best_bound:10.1f} {best:8.1f}", flush=True)
        gaps.append((searched / bound, searched / best, best / best_bound, best_bound / bound))
    if gaps:
        names = ["planner over its bound", "planner over the best", "best over the solver's bound", "solver's bound over the planner's"]
        for name, column in zip(names, zip(*gaps)):
            print(f"{name:<36} {100 * (sum(column) / len(column) - 1):6.2f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
