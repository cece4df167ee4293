//! Crews: the threads that a single run may use inside its drift.
//!
//! The runs of a sweep go side by side, and each of them by itself on one thread. A run that goes alone may have the
//! other threads help it: a large field then works its rows out in blocks. Whoever starts the run says so here, and a
//! drift asks. What is computed must not depend on the answer.

use std::cell::Cell;

thread_local! {
    static SEVERAL: Cell<bool> = const { Cell::new(false) };
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
        SEVERAL.set(rayon::current_num_threads() > 1);
        work()
    }))
}

/// Whether a drift that is asked for on this thread may spread its work over the threads of `rayon`'s current pool.
pub fn several() -> bool {
    SEVERAL.get()
}
