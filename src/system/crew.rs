//! Crews: the threads that a single run may use inside its drift.
//!
//! The runs of a sweep go side by side, and each of them by itself on one thread. A run that goes alone may have the
//! other threads help it: a large field then works its rows out in blocks. Whoever starts the run says so here, and a
//! drift asks. What is computed must not depend on the answer.
//!
//! A drift of 10 000 cells takes tenths of a millisecond and calls for help several times, so a thread that went to sleep
//! in between would be woken too late to be of use. Who has helped therefore stays awake for a moment (`PATIENCE`) and
//! looks for more, dozes when nothing came (`NAP`), and leaves in the end (`LEAVE`).

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long helpers stay awake without a call.
const PATIENCE: Duration = Duration::from_micros(500);
/// How long they do not look up after that, each time.
const NAP: Duration = Duration::from_micros(100);
/// When they leave, and have to be called anew, which allocates.
const LEAVE: Duration = Duration::from_secs(1);

/// Pieces that each thread takes where there is plenty: whoever is held up leaves the rest to the others.
const PLENTY: usize = 4;

thread_local! {
    /// The crew of the run on this thread; nobody where it goes on one thread.
    static CREW: RefCell<Option<Arc<Crew>>> = const { RefCell::new(None) };
}

/// The helpers of one run.
#[derive(Default)]
struct Crew {
    /// Helpers who have not left.
    here: AtomicUsize,
    /// Calls so far.
    calls: AtomicUsize,
}

impl Crew {
    /// Tell the helpers that work is coming.
    fn call(self: &Arc<Self>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.here.load(Ordering::Relaxed) > 0 {
            return;
        }
        let caller = rayon::current_thread_index();
        self.here
            .store(rayon::current_num_threads() - 1, Ordering::Relaxed);
        let crew = Arc::clone(self);
        // The caller may meet this itself while it waits for a helper; it must not wait in here as well.
        rayon::spawn_broadcast(move |helper| {
            if Some(helper.index()) != caller {
                crew.look_out();
            }
        });
    }

    /// Help, until no call has come for long.
    fn look_out(&self) {
        let (mut known, mut since) = (self.calls.load(Ordering::Relaxed), Instant::now());
        loop {
            if rayon::yield_now() == Some(rayon::Yield::Executed) {
                continue;
            }
            let calls = self.calls.load(Ordering::Relaxed);
            if calls != known {
                (known, since) = (calls, Instant::now());
                continue;
            }
            match since.elapsed() {
                waited if waited > LEAVE => break,
                waited if waited > PATIENCE => std::thread::sleep(NAP),
                _ => std::hint::spin_loop(),
            }
        }
        self.here.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Do a piece of work whose drifts may use this many threads; as many as there are processors if 0.
///
/// ```
/// use nullcline::prelude::*;
/// assert!(!crew::several());
/// assert!(crew::with(2, crew::several)?);
/// assert!(!crew::with(1, crew::several)?);
/// # Ok::<(), rayon::ThreadPoolBuildError>(())
/// ```
///
/// # Errors
/// If the operating system gives no threads.
pub fn with<T: Send>(
    threads: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<T, rayon::ThreadPoolBuildError> {
    if threads == 1 {
        return Ok(work());
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    Ok(pool.install(|| {
        if rayon::current_num_threads() > 1 {
            CREW.set(Some(Arc::default()));
        }
        work()
    }))
}

/// Whether a drift that is asked for on this thread may spread its work over the threads of `rayon`'s current pool.
pub fn several() -> bool {
    CREW.with_borrow(Option::is_some)
}

/// How many of `items` pieces of equal work a thread takes at a time, and the helpers are told that it begins; all of
/// them where one thread does everything, or where there are not at least `least` for each of two threads.
///
/// ```
/// use nullcline::prelude::*;
/// assert_eq!(crew::portion(100, 10), 100);
/// assert_eq!(crew::with(2, || crew::portion(100, 10))?, 13);
/// assert_eq!(crew::with(2, || crew::portion(30, 10))?, 15);
/// assert_eq!(crew::with(2, || crew::portion(19, 10))?, 19);
/// # Ok::<(), rayon::ThreadPoolBuildError>(())
/// ```
pub fn portion(items: usize, least: usize) -> usize {
    let least = least.max(1);
    if items < 2 * least {
        return items;
    }
    CREW.with_borrow(|crew| {
        let Some(crew) = crew else {
            return items;
        };
        crew.call();
        let threads = rayon::current_num_threads();
        let each = (items / (threads * least)).clamp(1, PLENTY);
        items.div_ceil(threads * each).max(least)
    })
}
