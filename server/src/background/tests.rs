//! The driver with tasks of its own, in real time: what is waited for is what happens.

use super::{Background, Lasting, Periodic, Report, Task, run};
use std::{
    future::pending,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;
use types::TaskState;

/// Longer than any test.
const AN_HOUR: Duration = Duration::from_secs(3600);
/// What a busy machine takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is behind it is not for everybody.
#[derive(Debug, thiserror::Error)]
#[error("nothing came of it; it is tried again")]
struct Refused(#[source] io::Error);

fn refused() -> Refused {
    Refused(io::Error::other("the password is wrong"))
}

/// A driver at work.
struct Driver {
    background: Background,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Driver {
    fn start(tasks: Vec<Task>) -> Self {
        let (background, stop) = (Background::default(), CancellationToken::new());
        let running = tokio::spawn(run(background.clone(), stop.clone(), tasks));
        Self {
            background,
            stop,
            running,
        }
    }

    fn report(&self, code: &str) -> Report {
        self.background.report(code).expect("it is driven")
    }

    async fn stop(self) {
        self.stop.cancel();
        let ended = time::timeout(PATIENCE, self.running).await;
        ended.expect("the driver ends in time").unwrap();
    }
}

/// A task whose steps are heard, numbered from 1, and do what `step` does.
fn counted<Running>(
    code: &'static str,
    period: Duration,
    step: impl Fn(u32) -> Running + Clone + Send + Sync + 'static,
) -> (Periodic, mpsc::UnboundedReceiver<u32>)
where
    Running: Future<Output = Result<(), Refused>> + Send + 'static,
{
    let (heard, steps) = mpsc::unbounded_channel();
    let count = Arc::new(AtomicU32::new(0));
    let step = move || {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        let (heard, step) = (heard.clone(), step.clone());
        async move {
            // The test may be over.
            let _ = heard.send(number);
            step(number).await?;
            Ok(period)
        }
    };
    (Periodic::new(code, "Counts", period, step), steps)
}

async fn next(steps: &mut mpsc::UnboundedReceiver<u32>) -> u32 {
    let step = time::timeout(PATIENCE, steps.recv()).await;
    step.expect("a step is taken in time")
        .expect("the task is there")
}

/// Returns once the task is so.
async fn until(driver: &Driver, code: &str, state: TaskState) -> Report {
    let waiting = async {
        loop {
            match driver.background.report(code) {
                Some(report) if report.state == state => break report,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    time::timeout(PATIENCE, waiting)
        .await
        .unwrap_or_else(|_| panic!("{code} should be {state:?}"))
}

/// What is logged in this thread as long as the value lives.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn keep(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    fn lines(&self, part: &str) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(part)).count()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_task_that_panics_is_said_and_started_again_while_others_go_on() {
    let log = Log::default();
    let _kept = log.keep();
    let (ill, mut ill_steps) = counted("ill", AN_HOUR, |number| async move {
        assert!(number > 1, "step {number} cannot be taken");
        Ok(())
    });
    let signal = Arc::new(Notify::new());
    let (well, mut well_steps) = counted("well", AN_HOUR, async |_| Ok(()));
    let well = well.woken_by(Arc::clone(&signal));
    let driver = Driver::start(vec![ill.into(), well.into()]);
    assert_eq!(next(&mut ill_steps).await, 1);
    let report = until(&driver, "ill", TaskState::Restarting).await;
    let cause = report.cause.unwrap();
    assert!(cause.starts_with("it broke off"), "{cause}");
    assert!(!cause.contains("step 1"), "{cause}");
    assert_eq!(log.lines("ERROR"), 1);
    assert_eq!(log.lines("step 1 cannot be taken"), 1);
    for number in 1..=3 {
        assert_eq!(next(&mut well_steps).await, number);
        until(&driver, "well", TaskState::Ok).await;
        signal.notify_one();
    }

    assert_eq!(next(&mut ill_steps).await, 2);
    let report = until(&driver, "ill", TaskState::Ok).await;
    assert_eq!((report.restarts, report.failures), (1, 0));
    assert_eq!(report.runs, [1, 0, 0, 1]);
    assert_eq!(driver.report("well").restarts, 0);
    driver.stop().await;
}

#[tokio::test]
async fn a_task_that_fails_goes_on_and_tells_everybody_its_sentence_alone() {
    let log = Log::default();
    let _kept = log.keep();
    let (task, mut steps) = counted("failing", AN_HOUR, |number| async move {
        if number == 1 { Err(refused()) } else { Ok(()) }
    });
    let soon = Duration::from_millis(10);
    let driver = Driver::start(vec![task.retried_within(soon).into()]);
    assert_eq!(next(&mut steps).await, 1);
    assert_eq!(next(&mut steps).await, 2);
    let report = until(&driver, "failing", TaskState::Ok).await;
    assert_eq!(report.runs, [1, 0, 1, 0]);
    assert_eq!(report.restarts, 0);
    assert_eq!(log.lines("the password is wrong"), 1);
    driver.stop().await;

    let (task, _steps) = counted("failing", AN_HOUR, async |_| Err(refused()));
    let driver = Driver::start(vec![task.into()]);
    let report = until(&driver, "failing", TaskState::Failing).await;
    assert_eq!(report.cause, Some(refused().to_string()));
    driver.stop().await;
}

#[tokio::test]
async fn a_signal_ends_a_rest_but_not_the_wait_after_a_failure() {
    let signal = Arc::new(Notify::new());
    let (task, mut steps) = counted("woken", AN_HOUR, |number| async move {
        if number == 2 { Err(refused()) } else { Ok(()) }
    });
    let driver = Driver::start(vec![task.woken_by(Arc::clone(&signal)).into()]);
    assert_eq!(next(&mut steps).await, 1);
    signal.notify_one();
    assert_eq!(next(&mut steps).await, 2);
    let failed = Instant::now();
    signal.notify_one();
    assert_eq!(next(&mut steps).await, 3);
    assert!(
        failed.elapsed() > Duration::from_millis(900),
        "{:?}",
        failed.elapsed()
    );
    // The signal was kept for when it may be heeded.
    assert_eq!(next(&mut steps).await, 4);
    driver.stop().await;
}

#[tokio::test]
async fn at_the_shutdown_a_step_that_is_being_taken_ends_and_no_other_begins() {
    let finish = Arc::new(Notify::new());
    let finishing = Arc::clone(&finish);
    let (task, mut steps) = counted("slow", Duration::ZERO, move |_| {
        let finishing = Arc::clone(&finishing);
        async move {
            finishing.notified().await;
            Ok(())
        }
    });
    let lasting = Lasting::new("lasting", "Lasts", AN_HOUR, |signs| async move {
        signs.well();
        pending().await
    });
    let driver = Driver::start(vec![task.into(), lasting.into()]);
    assert_eq!(next(&mut steps).await, 1);
    until(&driver, "lasting", TaskState::Ok).await;
    driver.stop.cancel();
    tokio::task::yield_now().await;
    assert!(!driver.running.is_finished());
    finish.notify_one();
    let background = driver.background.clone();
    driver.stop().await;
    assert_eq!(background.report("slow").unwrap().runs, [1, 0, 0, 0]);
    assert!(steps.try_recv().is_err());
}

#[tokio::test]
async fn a_task_that_lasts_is_as_it_says_and_started_again_when_it_ends() {
    let (heard, mut begun) = mpsc::unbounded_channel();
    let go_on = Arc::new(Notify::new());
    let going_on = Arc::clone(&go_on);
    let task = Lasting::new("lasting", "Lasts", AN_HOUR, move |signs| {
        let (heard, going_on) = (heard.clone(), Arc::clone(&going_on));
        async move {
            // The test may be over.
            let _ = heard.send(1);
            signs.well();
            going_on.notified().await;
            signs.ill(refused());
            going_on.notified().await;
            Ok(())
        }
    });
    let driver = Driver::start(vec![task.into()]);
    next(&mut begun).await;
    let report = until(&driver, "lasting", TaskState::Ok).await;
    assert!(report.running_since.is_some());
    go_on.notify_one();
    let report = until(&driver, "lasting", TaskState::Failing).await;
    assert_eq!(report.cause, Some(refused().to_string()));
    assert!(report.running_since.is_some());
    go_on.notify_one();
    let report = until(&driver, "lasting", TaskState::Restarting).await;
    assert_eq!(report.runs, [0, 0, 1, 1]);
    next(&mut begun).await;
    let report = until(&driver, "lasting", TaskState::Ok).await;
    assert_eq!(report.restarts, 1);
    driver.stop().await;
}
