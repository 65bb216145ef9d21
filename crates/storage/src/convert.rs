//! Arrow's arrays as plain values.

use polars_arrow::array::{
    Array, DictionaryArray, DictionaryKey, PrimitiveArray, Utf8Array, Utf8ViewArray,
};
use polars_arrow::datatypes::{ArrowDataType, IntegerType, TimeUnit};
use polars_arrow::types::NativeType;
use polars_utils::float16::pf16;

/// One value of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// There is none.
    Missing,
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A time in nanoseconds since 1970, UTC; one without a zone is taken as UTC.
    Time(i128),
    /// Text.
    Text(&'a str),
}

/// The values of one column.
#[derive(Debug)]
pub(crate) enum Values {
    Integers(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
    /// Times in a unit of so many nanoseconds.
    Times(i128, Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
}

pub(crate) fn is_text(dtype: &ArrowDataType) -> bool {
    matches!(
        dtype,
        ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View
    )
}

impl Values {
    /// No value yet of a type; None where the type cannot be taken.
    pub fn none(dtype: &ArrowDataType) -> Option<Self> {
        use ArrowDataType as Type;
        Some(match dtype {
            Type::Int8
            | Type::Int16
            | Type::Int32
            | Type::Int64
            | Type::UInt8
            | Type::UInt16
            | Type::UInt32 => Self::Integers(Vec::new()),
            Type::UInt64 | Type::Float16 | Type::Float32 | Type::Float64 | Type::Null => {
                Self::Numbers(Vec::new())
            }
            Type::Decimal(..) | Type::Decimal32(..) | Type::Decimal64(..) => {
                Self::Numbers(Vec::new())
            }
            Type::Date32 => Self::Times(86_400_000_000_000, Vec::new()),
            Type::Date64 => Self::Times(1_000_000, Vec::new()),
            Type::Timestamp(unit, _) => Self::Times(nanoseconds(*unit), Vec::new()),
            Type::Dictionary(_, values, _) if is_text(values) => Self::Texts(Vec::new()),
            dtype if is_text(dtype) => Self::Texts(Vec::new()),
            _ => return None,
        })
    }

    /// Appends an array of the same type; None where it is of another.
    pub fn append(&mut self, array: &dyn Array) -> Option<()> {
        match self {
            Self::Integers(values) => values.extend(integers(array)?),
            Self::Numbers(values) => values.extend(numbers(array)?),
            Self::Times(_, values) => values.extend(integers(array)?),
            Self::Texts(values) => values.extend(texts(array)?),
        }
        Some(())
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Integers(values) | Self::Times(_, values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    pub fn cell(&self, row: usize) -> Cell<'_> {
        let cell = match self {
            Self::Integers(values) => values.get(row).copied().flatten().map(Cell::Integer),
            Self::Numbers(values) => values.get(row).copied().flatten().map(Cell::Number),
            Self::Times(unit, values) => values
                .get(row)
                .copied()
                .flatten()
                .map(|time| Cell::Time(i128::from(time) * unit)),
            Self::Texts(values) => values.get(row).and_then(Option::as_deref).map(Cell::Text),
        };
        cell.unwrap_or(Cell::Missing)
    }
}

fn nanoseconds(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}

fn of<T: NativeType, V>(array: &dyn Array, value: impl Fn(T) -> V) -> Option<Vec<Option<V>>> {
    let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    Some(array.iter().map(|item| item.copied().map(&value)).collect())
}

/// Whole numbers, and times as such; None where the array holds something else.
pub(crate) fn integers(array: &dyn Array) -> Option<Vec<Option<i64>>> {
    of(array, |value: i64| value)
        .or_else(|| of(array, |value: i32| value.into()))
        .or_else(|| of(array, |value: i16| value.into()))
        .or_else(|| of(array, |value: i8| value.into()))
        .or_else(|| of(array, |value: u32| value.into()))
        .or_else(|| of(array, |value: u16| value.into()))
        .or_else(|| of(array, |value: u8| value.into()))
}

/// Numbers with a fraction, or too large for [`integers`]; None where the array holds something else.
pub(crate) fn numbers(array: &dyn Array) -> Option<Vec<Option<f64>>> {
    match array.dtype() {
        ArrowDataType::Null => Some(vec![None; array.len()]),
        // By way of their text, a decimal becomes the nearest number, as it would from a CSV file.
        ArrowDataType::Decimal(_, scale) => of(array, |value: i128| {
            format!("{value}e-{scale}").parse().unwrap_or(f64::NAN)
        }),
        _ => of(array, |value: f64| value)
            .or_else(|| of(array, |value: f32| value.into()))
            .or_else(|| of(array, |value: pf16| value.0.to_f64()))
            .or_else(|| of(array, |value: u64| value as f64)),
    }
}

/// Texts; None where the array holds something else.
pub(crate) fn texts(array: &dyn Array) -> Option<Vec<Option<String>>> {
    fn owned<'a>(values: impl Iterator<Item = Option<&'a str>>) -> Option<Vec<Option<String>>> {
        Some(values.map(|value| value.map(str::to_owned)).collect())
    }
    let any = array.as_any();
    if let Some(texts) = any.downcast_ref::<Utf8ViewArray>() {
        return owned(texts.iter());
    }
    if let Some(texts) = any.downcast_ref::<Utf8Array<i32>>() {
        return owned(texts.iter());
    }
    if let Some(texts) = any.downcast_ref::<Utf8Array<i64>>() {
        return owned(texts.iter());
    }
    let ArrowDataType::Dictionary(key, ..) = array.dtype() else {
        return None;
    };
    match key {
        IntegerType::Int8 => categories::<i8>(array),
        IntegerType::Int16 => categories::<i16>(array),
        IntegerType::Int32 => categories::<i32>(array),
        IntegerType::Int64 => categories::<i64>(array),
        IntegerType::UInt8 => categories::<u8>(array),
        IntegerType::UInt16 => categories::<u16>(array),
        IntegerType::UInt32 => categories::<u32>(array),
        _ => None,
    }
}

fn categories<K: DictionaryKey>(array: &dyn Array) -> Option<Vec<Option<String>>> {
    let array = array.as_any().downcast_ref::<DictionaryArray<K>>()?;
    let names = texts(array.values().as_ref())?;
    let name = |key: usize| names.get(key).cloned().flatten();
    Some(array.keys_iter().map(|key| key.and_then(name)).collect())
}
