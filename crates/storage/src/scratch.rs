//! Large arrays, in memory or in files without a name that the system maps into memory.
#![expect(unsafe_code, reason = "maps a file into memory")]

use std::fs::{self, File};
use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytemuck::Pod;
use memmap2::MmapMut;

use crate::Error;

/// Where large arrays are kept: in memory, which is the default, or in files in a folder.
///
/// Such a file has no name, so that nothing is left of it when the process ends, however it ends. The
/// system reads its pages when they are used and takes them out of memory when that is short: they
/// are not counted as the process's own memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scratch {
    folder: Option<Arc<Path>>,
}

impl Scratch {
    /// Files in a folder, which is made where it is not there.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn in_folder(folder: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        Ok(Self {
            folder: Some(folder.into()),
        })
    }

    /// The folder of the files; None for memory.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Checks that so many bytes have room, where they are kept in files.
    ///
    /// # Errors
    /// A disk without room for them, a folder that no file can be made in.
    pub fn check_room(&self, bytes: u64) -> Result<(), Error> {
        match &self.folder {
            Some(folder) => reserved(folder, bytes.max(1)).map(|_| ()),
            None => Ok(()),
        }
    }

    /// An array of zeros.
    ///
    /// # Errors
    /// As [`Scratch::check_room`].
    pub fn zeros<T: Number>(&self, len: usize) -> Result<Array<T>, Error> {
        match &self.folder {
            // Nothing cannot be mapped.
            Some(folder) if len > 0 => {
                let bytes = (len * size_of::<T>()) as u64;
                let file = reserved(folder, bytes)?;
                // SAFETY: the file has no name, and this handle, which is dropped here, is its only one:
                // no other process and no other part of this one can change or shorten it.
                let map = unsafe { MmapMut::map_mut(&file) }.map_err(Error::io(folder))?;
                Ok(Array(Place::File(map, PhantomData)))
            }
            _ => Ok(vec![T::default(); len].into()),
        }
    }
}

/// What arrays are made of: a number of a fixed size.
pub trait Number: Pod + Default + PartialEq {}
impl Number for f32 {}
impl Number for f64 {}

/// A file without a name, with room on the disk for all of its bytes: a write into its mapping would
/// end the process where there is none.
fn reserved(folder: &Path, bytes: u64) -> Result<File, Error> {
    let file = tempfile::tempfile_in(folder).map_err(Error::io(folder))?;
    reserve(&file, bytes).map_err(|error| {
        let reason = format!("no room for a file of {} MiB: {error}", bytes >> 20);
        Error::refused(
            folder,
            reason,
            "take a folder on a larger disk, or fewer coins or a shorter time",
        )
    })?;
    Ok(file)
}

fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        match fallocate(file, FallocateFlags::empty(), 0, bytes) {
            // Not every file system can reserve.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    file.set_len(bytes)
}

/// An array of numbers, in memory or in a file of a [`Scratch`]; used as the slice that it is. A clone
/// is in memory.
#[derive(Debug)]
pub struct Array<T>(Place<T>);

#[derive(Debug)]
enum Place<T> {
    Memory(Vec<T>),
    File(MmapMut, PhantomData<T>),
}

impl<T> From<Vec<T>> for Array<T> {
    fn from(values: Vec<T>) -> Self {
        Self(Place::Memory(values))
    }
}

impl<T: Number> Deref for Array<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Place::Memory(values) => values,
            // A mapping begins at a page, and has as many bytes as the values.
            Place::File(map, _) => bytemuck::cast_slice(&map[..]),
        }
    }
}

impl<T: Number> DerefMut for Array<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Place::Memory(values) => values,
            Place::File(map, _) => bytemuck::cast_slice_mut(&mut map[..]),
        }
    }
}

impl<T: Number> Clone for Array<T> {
    fn clone(&self) -> Self {
        self.to_vec().into()
    }
}

impl<T: Number> PartialEq for Array<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_array_in_a_file_is_one_in_memory_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::in_folder(folder.path().join("new")).unwrap();
        for scratch in [Scratch::default(), scratch] {
            let mut array = scratch.zeros::<f64>(5000).unwrap();
            assert_eq!((array.len(), array[0], array[4999]), (5000, 0.0, 0.0));
            for (place, value) in array.iter_mut().enumerate() {
                *value = place as f64;
            }
            assert_eq!((array[0], array[4999]), (0.0, 4999.0));
            let copy = array.clone();
            array[7] = -1.0;
            assert!(copy[7] == 7.0 && copy != array);
            assert!(scratch.zeros::<f32>(0).unwrap().is_empty());
            if let Some(folder) = scratch.folder() {
                assert!(matches!(array.0, Place::File(..)));
                assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "while in use");
            }
        }
    }

    #[test]
    fn a_full_disk_is_an_error_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::in_folder(folder.path().to_owned()).unwrap();
        scratch.check_room(1 << 20).unwrap();
        Scratch::default().check_room(u64::MAX).unwrap();
        // An exabyte.
        let error = scratch.check_room(1 << 60).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("no room for a file of 1099511627776 MiB: "),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("larger disk"));
        assert!(scratch.zeros::<f64>(1 << 57).is_err());
    }
}
