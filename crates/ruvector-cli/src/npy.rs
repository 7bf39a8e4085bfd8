//! Reads NumPy's `.npy` arrays of two dimensions (NEP 1), rows at a time. Never trusts a length it has not
//! compared with the file's.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

const HEADER_BYTES_MAX: usize = 1 << 16;

/// Why a file is not an array that is read here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NpyError {
    #[error("reading: {0}")]
    Io(#[from] std::io::Error),
    #[error("is not a .npy file")]
    NotNpy,
    #[error("has a header that is not understood")]
    Header,
    #[error("holds {found}; served are {served}, little-endian, C order, two dimensions")]
    Kind { found: String, served: &'static str },
    #[error("has {given} bytes of data, its shape needs {needed}")]
    Length { given: u64, needed: u64 },
    #[error("row {row}, column {column} is NaN or infinite")]
    NotFinite { row: usize, column: usize },
    #[error("row {row} holds {value}, which is no row of the base")]
    NoRow { row: usize, value: i64 },
}

/// Types of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    F16,
    F32,
    I32,
    I64,
    U32,
}

impl Item {
    fn bytes(self) -> usize {
        match self {
            Item::F16 => 2,
            Item::F32 | Item::I32 | Item::U32 => 4,
            Item::I64 => 8,
        }
    }
}

/// An array of two dimensions that is read rows at a time.
pub(crate) struct Npy<R> {
    source: R,
    item: Item,
    descr: String,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    data: u64,
}

impl Npy<File> {
    pub(crate) fn open(path: &Path) -> Result<Npy<File>, NpyError> {
        Npy::new(File::open(path)?)
    }
}

impl<R: Read + Seek> Npy<R> {
    /// Reads the header and checks the length.
    pub(crate) fn new(mut source: R) -> Result<Npy<R>, NpyError> {
        let mut start = [0u8; 8];
        source.read_exact(&mut start).map_err(|_| NpyError::NotNpy)?;
        if &start[..6] != b"\x93NUMPY" {
            return Err(NpyError::NotNpy);
        }
        let mut width = [0u8; 4];
        let width_bytes = if start[6] == 1 { 2 } else { 4 };
        source.read_exact(&mut width[..width_bytes])?;
        let header_bytes = u32::from_le_bytes(width) as usize;
        if header_bytes > HEADER_BYTES_MAX {
            return Err(NpyError::Header);
        }
        let mut header = vec![0u8; header_bytes];
        source.read_exact(&mut header)?;
        let header = String::from_utf8(header).map_err(|_| NpyError::Header)?;
        let descr = field(&header, "descr")?.trim_matches(['\'', '"', ' ']).to_owned();
        let shape = shape(&header)?;
        let item = match (descr.as_str(), field(&header, "fortran_order")?.trim()) {
            ("<f2", "False") => Item::F16,
            ("<f4", "False") => Item::F32,
            ("<i4", "False") => Item::I32,
            ("<i8", "False") => Item::I64,
            ("<u4", "False") => Item::U32,
            (_, order) => {
                let found = format!("{descr}, fortran_order {order}");
                let served = "float16, float32, int32, int64 and uint32";
                return Err(NpyError::Kind { found, served });
            }
        };
        let (rows, columns) = shape;
        let data = 8 + width_bytes as u64 + header_bytes as u64;
        let given = source.seek(SeekFrom::End(0))?.saturating_sub(data);
        let needed = (rows as u64)
            .checked_mul(columns as u64)
            .and_then(|items| items.checked_mul(item.bytes() as u64));
        let needed = needed.ok_or(NpyError::Header)?;
        if given < needed {
            return Err(NpyError::Length { given, needed });
        }
        Ok(Npy {
            source,
            item,
            descr,
            rows,
            columns,
            data,
        })
    }

    fn bytes(&mut self, start: usize, count: usize) -> Result<Vec<u8>, NpyError> {
        let row_bytes = self.columns * self.item.bytes();
        let end = start.saturating_add(count).min(self.rows);
        let mut bytes = vec![0u8; end.saturating_sub(start) * row_bytes];
        let at = self.data + start as u64 * row_bytes as u64;
        self.source.seek(SeekFrom::Start(at))?;
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Rows of vectors from `start`, at most `count`, each of `columns` finite numbers.
    pub(crate) fn vectors(&mut self, start: usize, count: usize) -> Result<Vec<Vec<f32>>, NpyError> {
        let decode: fn(&[u8]) -> f32 = match self.item {
            Item::F16 => |item| half::f16::from_le_bytes([item[0], item[1]]).to_f32(),
            Item::F32 => |item| f32::from_le_bytes([item[0], item[1], item[2], item[3]]),
            _ => {
                let found = self.descr.clone();
                let served = "vectors of float16 and float32";
                return Err(NpyError::Kind { found, served });
            }
        };
        let bytes = self.bytes(start, count)?;
        let width = self.item.bytes();
        let mut rows = Vec::new();
        for (at, row) in bytes.chunks_exact((self.columns * width).max(1)).enumerate() {
            let row: Vec<f32> = row.chunks_exact(width).map(decode).collect();
            if let Some(column) = row.iter().position(|number| !number.is_finite()) {
                let row = start + at;
                return Err(NpyError::NotFinite { row, column });
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// All rows as row numbers below `below`, the first `columns` of each.
    pub(crate) fn row_numbers(&mut self, columns: usize, below: usize) -> Result<Vec<Vec<u64>>, NpyError> {
        let decode: fn(&[u8]) -> i64 = match self.item {
            Item::I32 => |item| i32::from_le_bytes([item[0], item[1], item[2], item[3]]).into(),
            Item::U32 => |item| u32::from_le_bytes([item[0], item[1], item[2], item[3]]).into(),
            Item::I64 => |item| i64::from_le_bytes(item.try_into().unwrap_or_default()),
            _ => {
                let found = self.descr.clone();
                let served = "row numbers of int32, int64 and uint32";
                return Err(NpyError::Kind { found, served });
            }
        };
        let bytes = self.bytes(0, self.rows)?;
        let width = self.item.bytes();
        let mut rows = Vec::with_capacity(self.rows);
        for (at, row) in bytes.chunks_exact((self.columns * width).max(1)).enumerate() {
            let items = row.chunks_exact(width).map(decode).take(columns);
            let numbers = items.map(|value| match u64::try_from(value) {
                Ok(number) if number < below as u64 => Ok(number),
                _ => Err(NpyError::NoRow { row: at, value }),
            });
            rows.push(numbers.collect::<Result<Vec<u64>, _>>()?);
        }
        Ok(rows)
    }
}

/// The text of a header's entry, to the comma that ends it.
fn field<'a>(header: &'a str, key: &str) -> Result<&'a str, NpyError> {
    let quoted = format!("'{key}':");
    let start = header.find(&quoted).ok_or(NpyError::Header)? + quoted.len();
    let rest = &header[start..];
    Ok(rest[..rest.find([',', '}']).ok_or(NpyError::Header)?].trim())
}

fn shape(header: &str) -> Result<(usize, usize), NpyError> {
    let start = header.find("'shape':").ok_or(NpyError::Header)?;
    let rest = &header[start..];
    let open = rest.find('(').ok_or(NpyError::Header)?;
    let close = rest.find(')').ok_or(NpyError::Header)?;
    let inner = rest.get(open + 1..close).ok_or(NpyError::Header)?;
    let sizes: Vec<usize> = inner
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(|size| size.parse().map_err(|_| NpyError::Header))
        .collect::<Result<_, _>>()?;
    match sizes[..] {
        [rows, columns] => Ok((rows, columns)),
        _ => Err(NpyError::Kind {
            found: format!("{} dimensions", sizes.len()),
            served: "arrays",
        }),
    }
}

#[cfg(test)]
mod tests {
    //! Goal: arrays read back, hostile ones are refused without a panic. Method: hand-made bytes, every cut.
    use super::*;
    use std::io::Cursor;

    fn array(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn reads_and_refuses() {
        let data: Vec<u8> = [1.0f32, -2.5, 0.0, 4.0]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect();
        let good = array("<f4", "False", "(2, 2)", &data);
        let mut npy = Npy::new(Cursor::new(good.clone())).unwrap();
        assert_eq!(npy.vectors(1, 9).unwrap(), [[0.0, 4.0]]);
        assert!(npy.row_numbers(1, 9).is_err());
        let halves: Vec<u8> = [0x3c00u16, 0xc100].iter().flat_map(|n| n.to_le_bytes()).collect();
        let mut npy = Npy::new(Cursor::new(array("<f2", "False", "(1, 2)", &halves))).unwrap();
        assert_eq!(npy.vectors(0, 1).unwrap(), [[1.0, -2.5]]);
        let mut npy = Npy::new(Cursor::new(array(
            "<i4",
            "False",
            "(1, 2)",
            &[3, 0, 0, 0, 255, 255, 255, 255],
        )))
        .unwrap();
        assert_eq!(npy.row_numbers(1, 4).unwrap(), [[3]]);
        assert!(npy.row_numbers(2, 4).is_err());
        for cut in 0..good.len() {
            assert!(Npy::new(Cursor::new(&good[..cut])).is_err(), "cut at {cut}");
        }
        for bad in [
            array(">f4", "False", "(2, 2)", &data),
            array("<f4", "True", "(2, 2)", &data),
            array("<f4", "False", "(4,)", &data),
            array("<f4", "False", "(18446744073709551615, 2)", &data),
            array("<f4", "False", ")2, 2(", &data),
        ] {
            assert!(Npy::new(Cursor::new(bad)).is_err());
        }
        let nan = array("<f4", "False", "(1, 1)", &f32::NAN.to_le_bytes());
        assert!(matches!(
            Npy::new(Cursor::new(nan)).unwrap().vectors(0, 1),
            Err(NpyError::NotFinite { row: 0, column: 0 })
        ));
    }
}
