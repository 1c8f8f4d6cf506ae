//! Child processes that never outlive the command that started them: each
//! leads a process group of its own, so that stopping it also stops whatever it
//! started, and every wait ends at Ctrl-C or SIGTERM.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// The server drains for at most ten seconds.
const GRACE: Duration = Duration::from_secs(12);
const POLL: Duration = Duration::from_millis(20);

static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// The command was told to stop by Ctrl-C or SIGTERM.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

pub fn listen_for_signals() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&STOP))?;
    }
    Ok(())
}

/// Waits a moment between two looks at a condition; fails when told to stop.
pub fn pause() -> Result<()> {
    thread::sleep(POLL);
    stop_if_told()
}

/// Fails when told to stop, for work that waits for nothing.
pub fn stop_if_told() -> Result<()> {
    if STOP.load(Ordering::SeqCst) {
        Err(Interrupted.into())
    } else {
        Ok(())
    }
}

pub struct Process {
    name: String,
    child: Child,
    stop_with: Signal,
    exited: Option<ExitStatus>,
}

impl Process {
    /// Starts a program that runs until it is dropped.
    pub fn start(name: &str, command: &mut Command, stop_with: Signal) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => {
                    anyhow!(
                        "{name} cannot be started: {:?} is not installed or not on the PATH",
                        command.get_program()
                    )
                }
                _ => anyhow!("{name} cannot be started: {error}"),
            })?;
        Ok(Self {
            name: name.to_owned(),
            child,
            stop_with,
            exited: None,
        })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        if self.exited.is_none() {
            self.exited = self
                .child
                .try_wait()
                .with_context(|| format!("cannot watch {}", self.name))?;
        }
        Ok(self.exited)
    }

    fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.exit_status()? {
                return Ok(status);
            }
            pause()?;
        }
    }

    /// Fails when a program that should run on has ended.
    pub fn expect_running(&mut self) -> Result<()> {
        match self.exit_status()? {
            None => Ok(()),
            Some(status) => Err(anyhow!(
                "{} stopped by itself ({status}); its last lines above say why",
                self.name
            )),
        }
    }

    /// One of the system's figures about the memory it holds, such as `VmRSS`, in
    /// megabytes.
    pub fn memory(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))
            .context("memory can be measured on Linux only")?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        Ok(kibibytes.context("the system does not tell the memory")? * 1024.0 / 1_000_000.0)
    }

    /// The processors' time that it has taken so far.
    pub fn processor_time(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id()))
            .context("processor time can be measured on Linux only")?;
        let ticks = ticks(&stat).context("the system does not tell the processor time")?;
        Ok(Duration::from_secs_f64(
            ticks as f64 / clock_ticks_per_second() as f64,
        ))
    }

    fn signal(&self, signal: Signal) {
        // The group may have ended since we looked, which is what was wanted.
        let _ = kill_process_group(Pid::from_child(&self.child), signal);
    }

    fn ends_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if !matches!(self.exit_status(), Ok(None)) {
                return true;
            }
            thread::sleep(POLL);
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.exit_status(), Ok(None)) {
            return;
        }
        self.signal(self.stop_with);
        if !self.ends_within(GRACE) {
            eprintln!(
                "{} did not stop within {} s and is killed",
                self.name,
                GRACE.as_secs()
            );
            self.signal(Signal::KILL);
            self.ends_within(GRACE);
        }
    }
}

/// The time in user and in system mode, from `/proc/<pid>/stat`. The second field, a
/// name in brackets, may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// Runs a program to its end, its output going to the terminal.
pub fn status(name: &str, command: &mut Command) -> Result<ExitStatus> {
    Process::start(name, command, Signal::INT)?.wait()
}

/// As [`status`], handing every line of standard output to `inspect` as well.
pub fn status_and_lines<T: Send + 'static>(
    name: &str,
    command: &mut Command,
    mut inspected: T,
    inspect: impl Fn(&mut T, &str) + Send + 'static,
) -> Result<(ExitStatus, T)> {
    let mut process = Process::start(name, command.stdout(Stdio::piped()), Signal::INT)?;
    let output = process
        .child
        .stdout
        .take()
        .context("standard output was not piped")?;
    let reader = thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{line}");
            inspect(&mut inspected, &line);
        }
        inspected
    });
    let status = process.wait()?;
    let inspected = reader
        .join()
        .map_err(|_| anyhow!("cannot read the output of {name}"))?;
    Ok((status, inspected))
}

/// Runs a program to its end and fails with `advice` when it does.
pub fn succeed(name: &str, command: &mut Command, advice: &str) -> Result<()> {
    let status = status(name, command)?;
    if status.success() {
        Ok(())
    } else {
        Err(anyhow!("{name} failed ({status}). {advice}"))
    }
}

/// What a program prints until its end, its errors going to the terminal; fails
/// when it does.
pub fn printed_by(name: &str, command: &mut Command) -> Result<String> {
    let mut process = Process::start(name, command.stdout(Stdio::piped()), Signal::INT)?;
    let mut output = process
        .child
        .stdout
        .take()
        .context("standard output was not piped")?;
    let reader = thread::spawn(move || {
        let mut printed = String::new();
        output.read_to_string(&mut printed).map(|_| printed)
    });
    let status = process.wait()?;
    let printed = reader
        .join()
        .map_err(|_| anyhow!("cannot read the output of {name}"))??;
    ensure!(status.success(), "{name} failed ({status}), see above");
    Ok(printed)
}

/// What a short command prints, or nothing when it is missing or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_time_is_that_of_both_modes() {
        let stat = "7 (a) b)) S 1 7 7 0 -1 4194304 100 0 0 0 31 11 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("7 (a)"), None);
    }
}
