//! Shared parts: what is made from an array once, for all systems that have the same array.
//!
//! Runs of a sweep hold equal arrays by reference; a family that packs, factorises or transforms one
//! asks here, so that it is done once, and so that systems with the same part can be recognised (and
//! batched) by its address.

use std::any::{Any, TypeId};
use std::sync::{Arc, Mutex, PoisonError};

use super::parameters::Array;

/// Parts made from arrays, the ones used last.
#[derive(Default)]
pub struct Share {
    parts: Mutex<Vec<Part>>,
}

struct Part {
    array: Arc<Array>,
    kind: TypeId,
    made: Arc<dyn Any + Send + Sync>,
}

/// As many parts are kept.
const KEPT: usize = 16;

impl Share {
    /// The part of type `T` of an array: as made before, or made now.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use nullcline::prelude::*;
    /// let share = Share::default();
    /// let array = Arc::new(Array::filled(vec![3], 2.0));
    /// let sum = |array: &Array| array.data.iter().sum::<f64>();
    /// let first = share.of(&array, sum);
    /// assert_eq!(*first, 6.0);
    /// assert!(Arc::ptr_eq(&first, &share.of(&array, sum)));
    /// ```
    pub fn of<T: Any + Send + Sync>(
        &self,
        array: &Arc<Array>,
        make: impl FnOnce(&Array) -> T,
    ) -> Arc<T> {
        // A panic elsewhere leaves the list as it was: whole parts only.
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = TypeId::of::<T>();
        let found = parts
            .iter()
            .position(|part| part.kind == kind && Arc::ptr_eq(&part.array, array));
        if let Some(place) = found
            && let Ok(made) = Arc::clone(&parts[place].made).downcast::<T>()
        {
            if place > 0 {
                parts[..=place].rotate_right(1);
            }
            return made;
        }
        let made = Arc::new(make(array));
        parts.truncate(KEPT - 1);
        parts.insert(
            0,
            Part {
                array: Arc::clone(array),
                kind,
                made: Arc::clone(&made) as Arc<dyn Any + Send + Sync>,
            },
        );
        made
    }
}
