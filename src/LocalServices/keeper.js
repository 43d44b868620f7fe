// Keeps servers for the process at the other end of stdin, and stops them when that end closes:
// however that process goes, its servers go too.
//
// stdin, one JSON object a line, starts a process:
//   { name, command, args, cwd, log, env, uid, gid, ipc, daemon, stop }
//   stop: the steps to try in turn, each { signal }, { message } (over ipc) or { command, args };
//   daemon: the command ends once the server runs, so its end with code 0 is not the server's.
// stdout, one JSON object a line, says what became of it:
//   { name, pid } it runs; { name, error } it could not be started; { name, code, signal } it ended.
// Arguments: files and folders to remove at the very end.
'use strict';
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const readline = require('node:readline');

const STEP_MILLISECONDS = 10000;
// What servers write, messages and logs, is their owner's alone.
process.umask(0o077);
const kept = new Set();
let stopping;

// Ctrl-C and a closed terminal reach every process of the terminal: what they mean is for the parent to say.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
process.on('SIGTERM', stopAll);
process.on('uncaughtException', (error) => {
  console.error(error);
  stopAll();
});
process.stdout.on('error', () => {}); // The parent is gone; stdin says so too.

readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const spec = JSON.parse(line);
    try {
      start(spec);
    } catch (error) {
      report({ name: spec.name, error: error.message });
    }
  })
  .on('close', stopAll);

function report(event) {
  process.stdout.write(JSON.stringify(event) + '\n');
}

function start(spec) {
  const log = fs.openSync(spec.log, 'w', 0o600);
  fs.fchmodSync(log, 0o600); // It may be there already.
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    uid: spec.uid,
    gid: spec.gid,
    // A session of its own, so that the terminal's signals do not reach the server.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log, log, ...(spec.ipc ? ['ipc'] : [])],
  });
  fs.closeSync(log);

  const entry = { child, spec, over: false };
  entry.ended = new Promise((resolve) => {
    child.on('error', (error) => {
      if (child.pid === undefined) {
        report({ name: spec.name, error: error.message });
        kept.delete(entry);
        resolve();
      }
    });
    child.on('exit', (code, signal) => {
      if (!(spec.daemon && code === 0)) {
        entry.over = true;
        kept.delete(entry);
      }
      report({ name: spec.name, code, signal });
      resolve();
    });
  });
  kept.add(entry);
  if (child.pid !== undefined) report({ name: spec.name, pid: child.pid });
}

async function stop(entry) {
  for (const step of [...(entry.spec.stop ?? []), { signal: 'SIGKILL' }]) {
    if (entry.over) return;
    const done = step.command ? run(step) : entry.ended;
    if (step.signal) entry.child.kill(step.signal);
    if (step.message && entry.child.connected) entry.child.send(step.message, () => {});
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, STEP_MILLISECONDS))]);
  }
}

function run({ command, args }) {
  return new Promise((resolve) => {
    spawn(command, args, { windowsHide: true, stdio: 'ignore' }).on('exit', resolve).on('error', resolve);
  });
}

function stopAll() {
  stopping ??= Promise.all([...kept].map(stop)).then(() => {
    process.argv.slice(2).forEach(remove);
    process.exit(0);
  });
}

function remove(path) {
  try {
    fs.rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  } catch {
    // Windows keeps what the parent has open; the parent removes it then, or the next start does.
  }
}
