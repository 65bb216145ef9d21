//! Named tensors of 32-bit floats in one safetensors file.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

use crate::Error;

/// One tensor on the host, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HostTensor {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// The content of a file, in the order of the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TensorFile {
    pub tensors: BTreeMap<String, HostTensor>,
    pub metadata: BTreeMap<String, String>,
}

impl TensorFile {
    /// The bytes of the file: the same content makes the same bytes (the safetensors crate writes
    /// metadata in the random order of a hash map).
    ///
    /// Format: <https://huggingface.co/docs/safetensors>.
    fn to_bytes(&self) -> Vec<u8> {
        let mut header = serde_json::Map::new();
        if !self.metadata.is_empty() {
            header.insert("__metadata__".to_owned(), serde_json::json!(self.metadata));
        }
        let mut offset = 0;
        for (name, tensor) in &self.tensors {
            let end = offset + 4 * tensor.values.len();
            let entry = serde_json::json!({
                "dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, end],
            });
            header.insert(name.clone(), entry);
            offset = end;
        }
        let mut header = serde_json::Value::Object(header).to_string().into_bytes();
        // Values start at a multiple of 8 bytes.
        header.resize(header.len().next_multiple_of(8), b' ');
        let mut bytes = Vec::with_capacity(8 + header.len() + offset);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header);
        for tensor in self.tensors.values() {
            bytes.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes
    }

    /// Writes the file whole or not at all: temporary file in the same folder, fsync, rename.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |doing| {
            move |source| Error::Io {
                path: path.to_owned(),
                doing,
                source,
            }
        };
        // A link or a device would be replaced by a file, and so not be what its name says.
        if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(failed("write")(std::io::Error::other(
                "it is no plain file; name another one",
            )));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(&self.to_bytes())?;
            file.sync_all()
        });
        let renamed = written.and_then(|()| fs::rename(&temporary, path));
        if renamed.is_err() {
            // What is left of the attempt; its own failure would hide the first one.
            let _ = fs::remove_file(&temporary);
        }
        renamed.map_err(failed("write"))?;
        // The rename itself reaches the disk with the folder.
        #[cfg(unix)]
        File::open(&folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed("sync"))?;
        Ok(())
    }

    /// Reads a whole file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            doing: "read",
            source,
        })?;
        let corrupt = |reason: safetensors::SafeTensorError| Error::Corrupt {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(corrupt)?;
        let metadata = header
            .metadata()
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect();
        let mut tensors = BTreeMap::new();
        for (name, view) in SafeTensors::deserialize(&bytes).map_err(corrupt)?.tensors() {
            if view.dtype() != Dtype::F32 {
                return Err(Error::TensorMismatch {
                    path: path.to_owned(),
                    tensor: name,
                    found: format!("{:?} {:?}", view.dtype(), view.shape()),
                    expected: format!("F32 {:?}", view.shape()),
                });
            }
            let values = view
                .data()
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                .collect();
            tensors.insert(
                name,
                HostTensor {
                    shape: view.shape().to_vec(),
                    values,
                },
            );
        }
        Ok(Self { tensors, metadata })
    }
}
