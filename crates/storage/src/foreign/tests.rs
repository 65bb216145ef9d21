//! Tables of every type that is taken, written as other programs write them and read back.

use std::sync::Arc;

use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, TimeUnit};
use polars_arrow::io::ipc::write as ipc;
use polars_arrow::record_batch::RecordBatchT;
use polars_arrow::types::NativeType;
use polars_parquet::write as parquet;
use polars_utils::float16::pf16;

use super::*;
use crate::ParquetFile;

type Batch = RecordBatchT<Box<dyn Array>>;

/// Three rows of every type, the last missing, with what is read of them: two values a column.
#[expect(clippy::too_many_lines, reason = "one column a type")]
fn columns() -> Vec<(&'static str, Box<dyn Array>, [Cell<'static>; 2])> {
    use ArrowDataType as Type;
    fn of<T: NativeType>(dtype: Type, values: [T; 2]) -> Box<dyn Array> {
        PrimitiveArray::<T>::from(vec![Some(values[0]), Some(values[1]), None])
            .to(dtype)
            .boxed()
    }
    // 1.5 and -2.
    let halves = [[0x00, 0x3E], [0x00, 0xC0]].map(pf16::from_le_bytes);
    let ns = [1_704_067_200_000_000_000_i128, 1_704_067_260_000_000_000];
    let times = ns.map(Cell::Time);
    let stamp = |unit, zone: Option<&str>| Type::Timestamp(unit, zone.map(Into::into));
    let texts = || Utf8ViewArray::from_slice([Some("BTCUSDT"), Some("ETHUSDT"), None]);
    let names = Utf8ViewArray::from_slice_values(["ETHUSDT", "BTCUSDT"]).boxed();
    let keys = PrimitiveArray::<i32>::from(vec![Some(1), Some(0), None]);
    let both = [Cell::Text("BTCUSDT"), Cell::Text("ETHUSDT")];
    vec![
        (
            "i64",
            of(Type::Int64, [1_i64, -2]),
            [Cell::Integer(1), Cell::Integer(-2)],
        ),
        (
            "i32",
            of(Type::Int32, [1_i32, -2]),
            [Cell::Integer(1), Cell::Integer(-2)],
        ),
        (
            "i16",
            of(Type::Int16, [1_i16, -2]),
            [Cell::Integer(1), Cell::Integer(-2)],
        ),
        (
            "i8",
            of(Type::Int8, [1_i8, -2]),
            [Cell::Integer(1), Cell::Integer(-2)],
        ),
        (
            "u64",
            of(Type::UInt64, [1_u64, 2]),
            [Cell::Number(1.0), Cell::Number(2.0)],
        ),
        (
            "u16",
            of(Type::UInt16, [1_u16, 2]),
            [Cell::Integer(1), Cell::Integer(2)],
        ),
        (
            "u8",
            of(Type::UInt8, [1_u8, 2]),
            [Cell::Integer(1), Cell::Integer(2)],
        ),
        (
            "f64",
            of(Type::Float64, [1.5_f64, -2.0]),
            [Cell::Number(1.5), Cell::Number(-2.0)],
        ),
        (
            "f32",
            of(Type::Float32, [1.5_f32, -2.0]),
            [Cell::Number(1.5), Cell::Number(-2.0)],
        ),
        (
            "f16",
            of(Type::Float16, halves),
            [Cell::Number(1.5), Cell::Number(-2.0)],
        ),
        (
            "decimal",
            of(Type::Decimal(18, 8), [10_009_450_000_i128, -1]),
            [Cell::Number(100.0945), Cell::Number(-1e-8)],
        ),
        (
            "ns",
            of(stamp(TimeUnit::Nanosecond, None), ns.map(|ns| ns as i64)),
            times,
        ),
        (
            "us",
            of(
                stamp(TimeUnit::Microsecond, Some("UTC")),
                ns.map(|ns| (ns / 1000) as i64),
            ),
            times,
        ),
        (
            "ms",
            of(
                stamp(TimeUnit::Millisecond, Some("Europe/Berlin")),
                ns.map(|ns| (ns / 1_000_000) as i64),
            ),
            times,
        ),
        (
            "day",
            of(Type::Date32, [19_723_i32, 19_724]),
            [times[0], Cell::Time(ns[0] + 86_400_000_000_000)],
        ),
        ("text", texts().boxed(), both),
        (
            "category",
            DictionaryArray::try_from_keys(keys, names, false)
                .unwrap()
                .boxed(),
            both,
        ),
    ]
}

fn batch(columns: Vec<(&str, Box<dyn Array>)>) -> (Arc<ArrowSchema>, Batch) {
    let field = |(name, array): &(&str, Box<dyn Array>)| {
        Field::new((*name).into(), array.dtype().clone(), true)
    };
    let schema: ArrowSchema = columns
        .iter()
        .map(field)
        .map(|field| (field.name.clone(), field))
        .collect();
    let (schema, rows) = (Arc::new(schema), columns[0].1.len());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    (schema.clone(), RecordBatchT::new(rows, schema, arrays))
}

fn write_feather(
    path: &Path,
    columns: Vec<(&str, Box<dyn Array>)>,
    compression: Option<ipc::Compression>,
) {
    let (schema, batch) = batch(columns);
    let file = File::create(path).unwrap();
    let mut writer =
        ipc::FileWriter::try_new(file, schema, None, ipc::WriteOptions { compression }).unwrap();
    writer.write(&batch, None).unwrap();
    writer.finish().unwrap();
}

fn write_parquet(path: &Path, columns: Vec<(&str, Box<dyn Array>)>) {
    let (schema, batch) = batch(columns);
    let options = parquet::WriteOptions {
        statistics: parquet::StatisticsOptions::empty(),
        version: parquet::Version::V1,
        compression: parquet::CompressionOptions::Snappy,
        data_page_size: None,
    };
    let encodings: Vec<_> = schema
        .iter_values()
        .map(|field| parquet::get_dtype_encoding(&field.dtype))
        .collect();
    let rows = batch.len() as u64;
    let groups = parquet::RowGroupIterator::try_new(
        std::iter::once(Ok(batch)),
        &schema,
        options,
        encodings.into(),
    )
    .unwrap();
    let mut writer = parquet::FileWriter::try_new(
        File::create(path).unwrap(),
        schema.as_ref().clone(),
        options,
    )
    .unwrap();
    for group in groups {
        writer.write(rows, group.unwrap()).unwrap();
    }
    writer.end(None).unwrap();
}

fn all(names: &[String]) -> Vec<usize> {
    (0..names.len()).collect()
}

fn assert_read(table: &ForeignTable) {
    assert_eq!(table.rows(), 3);
    let mut cells = Vec::new();
    for (place, (name, _, expected)) in columns().into_iter().enumerate() {
        for (row, expected) in expected.into_iter().chain([Cell::Missing]).enumerate() {
            table.row(row, &mut cells);
            assert_eq!(cells[place], expected, "{name}, row {row}");
        }
    }
}

#[test]
fn every_type_of_a_feather_file_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.feather");
    for compression in [
        None,
        Some(ipc::Compression::LZ4),
        Some(ipc::Compression::ZSTD(Default::default())),
    ] {
        write_feather(
            &path,
            columns()
                .into_iter()
                .map(|(name, array, _)| (name, array))
                .collect(),
            compression,
        );
        assert_read(&ForeignTable::read_feather(&path, all).unwrap());
    }
}

#[test]
fn every_type_of_a_parquet_file_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.parquet");
    write_parquet(
        &path,
        columns()
            .into_iter()
            .map(|(name, array, _)| (name, array))
            .collect(),
    );
    assert_read(&ForeignTable::read_parquet(&path, all).unwrap());
}

#[test]
fn a_type_that_is_not_taken_is_refused_by_name_where_the_column_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.parquet");
    let length = PrimitiveArray::<i64>::from(vec![Some(1_i64)])
        .to(ArrowDataType::Duration(TimeUnit::Millisecond))
        .boxed();
    write_parquet(
        &path,
        vec![
            (
                "close",
                PrimitiveArray::<i64>::from(vec![Some(7_i64)]).boxed(),
            ),
            ("held", length),
        ],
    );
    let error = ForeignTable::read_parquet(&path, all).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("column `held` holds Duration(Millisecond), expected numbers"),
        "{error}"
    );
    assert!(error.hint().is_some());
    let table = ForeignTable::read_parquet(&path, |_| vec![0]).unwrap();
    let mut cells = Vec::new();
    table.row(0, &mut cells);
    assert_eq!(
        (table.names.len(), cells),
        (2, vec![Cell::Integer(7), Cell::Missing])
    );
}

/// The project's own tables too, such as a forecast table that another program wrote.
#[test]
fn numbers_of_every_type_are_read_as_a_column_and_others_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.parquet");
    let arrays = columns().into_iter().map(|(name, array, _)| (name, array));
    write_parquet(&path, arrays.collect());
    let file = ParquetFile::open(&path).unwrap();
    for (name, _, cells) in columns() {
        let read = file.numbers(name);
        let numbers = cells.map(|cell| match cell {
            Cell::Integer(value) => Some(value as f64),
            Cell::Number(value) => Some(value),
            _ => None,
        });
        let [Some(first), Some(second)] = numbers else {
            let error = read.unwrap_err().to_string();
            assert!(
                error.contains(&format!("column `{name}` holds ")),
                "{error}"
            );
            assert!(error.contains("expected numbers"), "{error}");
            continue;
        };
        let read = read.unwrap().unwrap();
        assert_eq!(&read[..2], [first, second], "{name}");
        assert!(read[2].is_nan(), "{name}");
    }
}

#[test]
fn times_of_every_unit_are_milliseconds_and_a_missing_one_is_named_by_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.parquet");
    let arrays = columns()
        .into_iter()
        .map(|(name, array, _)| (name, array.sliced(0, 2)));
    write_parquet(&path, arrays.collect());
    let file = ParquetFile::open(&path).unwrap();
    let minutes = [1_704_067_200_000, 1_704_067_260_000];
    for name in ["ns", "us", "ms"] {
        assert_eq!(file.times_ms(name).unwrap(), minutes, "{name}");
    }
    assert_eq!(
        file.times_ms("day").unwrap(),
        [1_704_067_200_000, 1_704_153_600_000]
    );
    assert_eq!(file.times_ms("i64").unwrap(), [1, -2]);
    let error = file.counts("i64").unwrap_err().to_string();
    assert!(
        error.ends_with("x.parquet: row 2: `i64` is -2, expected 0 or more"),
        "{error}"
    );
    assert!(
        file.counts("ms")
            .unwrap_err()
            .to_string()
            .contains("expected whole numbers")
    );
    assert!(
        file.times_ms("f64")
            .unwrap_err()
            .to_string()
            .contains("expected times")
    );

    write_parquet(
        &path,
        columns()
            .into_iter()
            .map(|(name, array, _)| (name, array))
            .collect(),
    );
    let file = ParquetFile::open(&path).unwrap();
    for error in [
        file.times_ms("ms").unwrap_err(),
        file.texts("text").unwrap_err(),
    ] {
        assert!(error.to_string().contains("row 3: `"), "{error}");
        assert!(error.to_string().ends_with("is missing"), "{error}");
    }
    assert!(file.numbers("nothing").unwrap().is_none());
}

/// Files that were cut short or changed are errors with the file's name, whatever the reader makes
/// of them.
#[test]
fn damaged_files_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let values = || {
        vec![(
            "close",
            PrimitiveArray::<i64>::from((0..500).map(Some).collect::<Vec<_>>()).boxed(),
        )]
    };
    let (good, bad) = (dir.path().join("good"), dir.path().join("bad.parquet"));
    type Reader = fn(&Path, fn(&[String]) -> Vec<usize>) -> Result<ForeignTable, Error>;
    type Writer = fn(&Path, Vec<(&str, Box<dyn Array>)>);
    let forms: [(Writer, Reader); 2] = [
        (write_parquet, ForeignTable::read_parquet),
        (
            |path, columns| write_feather(path, columns, Some(ipc::Compression::LZ4)),
            ForeignTable::read_feather,
        ),
    ];
    for (write, read) in forms {
        write(&good, values());
        let bytes = fs::read(&good).unwrap();
        for cut in (0..bytes.len()).step_by(37) {
            fs::write(&bad, &bytes[..cut]).unwrap();
            assert!(
                read(&bad, all)
                    .unwrap_err()
                    .to_string()
                    .contains("bad.parquet")
            );
        }
        for place in (0..bytes.len()).step_by(11) {
            let mut changed = bytes.clone();
            changed[place] ^= 0x55;
            fs::write(&bad, &changed).unwrap();
            // Not every change shows; none may panic.
            let _ = read(&bad, all);
        }
    }
}
