// A reporter of vitest (vitest run --reporter=THIS). It runs in the parent of the workers.
import { createRequire } from "node:module";

const { placed, text_of, tell, trouble, end } = createRequire(import.meta.url)("./nightjar_channel.cjs");

function outcome_of(task) {
  const state = task.result?.state;
  if (state === "pass") return "passed";
  if (state === "fail") return "failed";
  return task.mode === "skip" || task.mode === "todo" ? "skipped" : "not_run";
}

export default class NightjarVitest {
  /// Up to vitest 3; later ones call onTestRunEnd with modules that lead to the same tasks.
  onFinished(files = []) {
    this.report(files);
  }
  onTestRunEnd(modules = []) {
    this.report(modules.map((module) => module.task));
  }
  report(files) {
    if (this.done) return;
    this.done = true;
    for (const file of files) this.file(file);
    end();
  }
  file(file) {
    const name = placed(file.filepath);
    const counts = new Map();
    const walk = (task, titles) => {
      if (task.type === "suite" || task.tasks) {
        for (const inner of task.tasks) walk(inner, [...titles, task.name]);
        const errors = task.result?.errors || [];
        if (errors.length > 0 && task.tasks.every((inner) => !inner.result)) trouble(titles.concat(task.name).join(" > "), errors[0]);
        return;
      }
      const base = [...titles, task.name].join(" > ");
      const count = (counts.get(base) || 0) + 1;
      counts.set(base, count);
      const message = text_of(task.result?.errors?.[0]);
      const late = /Test timed out in/.test(message);
      tell({
        id: count > 1 ? `${base} #${count}` : base,
        file: name,
        line: task.location?.line,
        outcome: late ? "timed_out" : outcome_of(task),
        message,
        ms: task.result?.duration,
      });
    };
    const errors = file.result?.errors || [];
    if (errors.length > 0 && (file.tasks || []).length === 0) trouble(name, errors[0]);
    for (const task of file.tasks || []) walk(task, [name]);
  }
}
