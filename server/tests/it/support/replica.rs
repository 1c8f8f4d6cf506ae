//! A server of several in this process: it syncs on a runtime of its own, so that
//! it can vanish as a crash would have it, with whatever it is doing undone.

use super::{Setup, open_services, reconcile};
use server::{Services, backend::RoundRobin};
use tokio::runtime::{Builder, Runtime};

/// A running server; it crashes when the value goes.
pub struct Replica {
    pub services: Services,
    /// Present until the crash.
    runtime: Option<Runtime>,
}

impl Replica {
    /// Starts one over the database, with PagerDuty's regions at two addresses.
    pub async fn start(database_url: &str, us: &str, eu: &str) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (database_url, us, eu) = (database_url.to_owned(), us.to_owned(), eu.to_owned());
        // What the server opens belongs to its runtime and dies with it.
        let opening = async move {
            let setup = Setup {
                eu: &eu,
                ..Setup::at(&us)
            };
            open_services(&database_url, &setup).await
        };
        let services = runtime.spawn(opening).await.unwrap();
        runtime.spawn(reconcile(services.clone()));
        Self {
            services,
            runtime: Some(runtime),
        }
    }

    /// Does there what a request to this server would do.
    pub async fn act<Work>(&self, act: impl FnOnce(RoundRobin) -> Work) -> Work::Output
    where
        Work: Future<Output: Send + 'static> + Send + 'static,
    {
        let work = act(RoundRobin::new(self.services.clone()));
        let runtime = self.runtime.as_ref().expect("it runs until it is dropped");
        runtime.spawn(work).await.unwrap()
    }

    /// Ends it in peace: what runs is finished or given back.
    pub async fn stop(&self) {
        self.services.shutdown.cancel();
        self.services.tasks.close();
        self.services.tasks.wait().await;
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
