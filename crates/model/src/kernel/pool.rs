//! Where kernels are called from.

use burn::tensor::Device;

use super::{Precision, has_own_kernel};

/// Does work that calls many kernels on a thread of rayon's pool, where the device has our own ones.
///
/// From a thread outside the pool each kernel would be handed over to it and waited for: two wake-ups
/// of a thread, which cost more than many a kernel. The work multiplies the numbers that the caller's
/// thread does, whatever else the thread of the pool is doing.
pub fn in_pool<T: Send>(device: &Device, work: impl FnOnce() -> T + Send) -> T {
    if !has_own_kernel(device) {
        return work();
    }
    let precision = Precision::current();
    rayon::scope(|_| precision.autocast(work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceChoice;

    #[test]
    fn it_multiplies_what_the_caller_does() {
        let device = DeviceChoice::Flex.open().unwrap().device;
        let inside = |wanted: Precision| {
            let work = || (rayon::current_thread_index(), Precision::current());
            wanted.autocast(|| in_pool(&device, work))
        };
        for precision in [Precision::F32, Precision::Bf16] {
            let (thread, found) = inside(precision);
            assert!(thread.is_some(), "on a thread of the pool");
            assert_eq!(found, precision);
        }
    }
}
