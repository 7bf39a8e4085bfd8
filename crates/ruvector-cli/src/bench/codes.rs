//! The flags of `ruvector bench` that say how vectors are kept beside the graph, and what they mean to the engine.
//! Never measures.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use ruvector_core::Database;
use ruvector_types::{
    CodeWidth, Codes, GraphProfile, QuantizationConfig, QuantizationSearch, QueryPrecision, VectorConfig,
};

use crate::error::CliError;

#[derive(Clone, Debug, Args)]
pub(crate) struct CodesArguments {
    /// Codes kept beside the vectors: none; rotated1, rotated1.5, rotated2, rotated4, rotated8; scalar; product4,
    /// product8, product16, product32, product64; binary, binary1.5, binary2; neural:BITS; lsh:BITS. None if absent
    #[arg(long, value_name = "CODES")]
    pub(crate) quantization: Option<String>,
    /// How sharp a query is kept against codes; full if absent
    #[arg(long)]
    pub(crate) query_bits: Option<QueryBits>,
    /// What stands beside the links of the graph: codes of the neighbours, or nothing
    #[arg(long, default_value = "fast")]
    pub(crate) profile: Profile,
    /// Build no graph: searches scan
    #[arg(long, conflicts_with_all = ["m", "ef_construct", "profile"])]
    pub(crate) no_graph: bool,
    /// Leave vectors in their files instead of copying them into resident memory
    #[arg(long)]
    pub(crate) on_disk: bool,
    /// Whether the best by their codes are measured exactly; true if absent
    #[arg(long, value_name = "true|false")]
    pub(crate) rescore: Option<bool>,
    /// How many of them for each neighbour asked for, 1 to 1,000; by the width of the codes if absent
    #[arg(long, value_name = "FACTOR")]
    pub(crate) oversampling: Option<f32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum QueryBits {
    Same,
    #[value(name = "4")]
    Four,
    #[value(name = "8")]
    Eight,
    Full,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Profile {
    Fast,
    Compact,
}

impl CodesArguments {
    /// Refuses what would be without effect or out of range, before anything is loaded.
    pub(crate) fn check(&self) -> Result<(), CliError> {
        let flag = |flag, rule| Err(CliError::Flag { flag, rule });
        if self.codes()?.is_none() && self.query_bits.is_some() {
            return flag("query-bits", "goes with --quantization only");
        }
        match self.oversampling {
            Some(factor) if !(1.0..=1_000.0).contains(&factor) => flag("oversampling", "takes 1 to 1,000"),
            _ => Ok(()),
        }
    }

    /// Refuses to search by codes where there are none.
    pub(crate) fn check_searched(&self, vector: &VectorConfig) -> Result<(), CliError> {
        let given = self.rescore.is_some() || self.oversampling.is_some();
        match given && vector.quantization.is_none() {
            false => Ok(()),
            true => Err(CliError::Flag {
                flag: "rescore, --oversampling",
                rule: "go with a collection that has codes (--quantization) only",
            }),
        }
    }

    /// Writes them into the configuration of a field.
    pub(crate) fn configure(&self, vector: &mut VectorConfig) -> Result<(), CliError> {
        if self.no_graph {
            vector.hnsw.m = 0;
        }
        vector.hnsw.profile = match self.profile {
            Profile::Fast => GraphProfile::Fast,
            Profile::Compact => GraphProfile::Compact,
        };
        vector.on_disk = self.on_disk;
        vector.quantization = self.quantization()?;
        Ok(())
    }

    /// What `--quantization` and `--query-bits` ask for.
    fn quantization(&self) -> Result<Option<QuantizationConfig>, CliError> {
        Ok(self.codes()?.map(|codes| QuantizationConfig {
            precision: match self.query_bits {
                Some(QueryBits::Same) => QueryPrecision::Same,
                Some(QueryBits::Four) => QueryPrecision::Four,
                Some(QueryBits::Eight) => QueryPrecision::Eight,
                Some(QueryBits::Full) | None => QueryPrecision::Full,
            },
            ..QuantizationConfig::of(codes)
        }))
    }

    /// Gives a collection that is reused the codes asked for, if some are, and waits until it has them.
    pub(crate) fn change(&self, database: &Database, name: &str) -> Result<(), CliError> {
        if self.quantization.is_none() {
            return Ok(());
        }
        let changes = BTreeMap::from([(String::new(), self.quantization()?)]);
        database.update_quantization(name, &changes)?;
        Ok(database.collection(name)?.optimize()?)
    }

    /// What every search makes of the codes.
    pub(crate) fn search(&self) -> QuantizationSearch {
        QuantizationSearch {
            ignore: false,
            rescore: self.rescore,
            oversampling: self.oversampling,
        }
    }

    fn codes(&self) -> Result<Option<Codes>, CliError> {
        let unknown = CliError::Flag {
            flag: "quantization",
            rule: "takes none, rotated1, rotated1.5, rotated2, rotated4, rotated8, scalar, product4 to product64, \
                   binary, binary1.5, binary2, neural:BITS or lsh:BITS",
        };
        Ok(Some(match self.quantization.as_deref() {
            None | Some("none") => return Ok(None),
            Some(named) => match named {
                "rotated1" => Codes::Rotated(CodeWidth::One),
                "rotated1.5" => Codes::Rotated(CodeWidth::OneAndHalf),
                "rotated2" => Codes::Rotated(CodeWidth::Two),
                "rotated4" => Codes::Rotated(CodeWidth::Four),
                "rotated8" => Codes::Rotated(CodeWidth::Eight),
                "binary" => Codes::Binary(CodeWidth::One),
                "binary1.5" => Codes::Binary(CodeWidth::OneAndHalf),
                "binary2" => Codes::Binary(CodeWidth::Two),
                "scalar" => Codes::Scalar { quantile: None },
                other => numbered(other).ok_or(unknown)?,
            },
        }))
    }
}

/// `product16`, `neural:256`, `lsh:256`; the engine checks the numbers.
fn numbered(text: &str) -> Option<Codes> {
    let after = |prefix| text.strip_prefix(prefix).and_then(|number| number.parse().ok());
    let product = after("product").map(|compression| Codes::Product { compression });
    let neural = || after("neural:").map(|bits| Codes::Neural { bits });
    product
        .or_else(neural)
        .or_else(|| after("lsh:").map(|bits| Codes::Lsh { bits }))
}
