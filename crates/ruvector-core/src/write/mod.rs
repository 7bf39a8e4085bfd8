//! The write path: ease the backlog, validate, sequence (resolve, log, apply), commit. One file a stage, each called here
//! alone. Never does the optimizer's work while it holds the schema: whoever changes the schema waits for that.

mod apply;
mod resolve;
mod revise;
mod sequence;
mod validate;
mod vectors;

pub(crate) use apply::{apply, check_logged};
pub(crate) use vectors::{check_ragged, check_vector, weight_type, wrong_kind};

use ruvector_types::WriteOp;

use crate::collection::Core;
use crate::{Ctx, Error, Wait, WriteOutcome};

impl Core {
    /// Carries out one write, whole or not at all. The deadline counts until the log accepts it.
    pub(crate) fn write(&self, ctx: &Ctx, operation: WriteOp, wait: Wait) -> Result<WriteOutcome, Error> {
        self.ease_backlog(ctx, self.rows_stated(&operation))?;
        let sequenced = {
            let _schema_stays = self.writes_under_way.read();
            let prepared = validate::prepare(operation, self)?;
            ctx.check(self.io.as_ref())?;
            self.sequence(ctx, prepared)?
        };
        self.settle(&sequenced.targets, wait)?;
        Ok(sequenced.outcome())
    }

    /// Carries out several writes, one after the other. All are checked before the first is carried out.
    pub(crate) fn write_batch(
        &self,
        ctx: &Ctx,
        operations: Vec<WriteOp>,
        wait: Wait,
    ) -> Result<Vec<WriteOutcome>, Error> {
        self.check_batch("operations", operations.len())?;
        let rows = operations.iter().map(|operation| self.rows_stated(operation));
        self.ease_backlog(ctx, rows.sum())?;
        let schema_stays = self.writes_under_way.read();
        let prepared = operations
            .into_iter()
            .enumerate()
            .map(|(at, operation)| validate::prepare(operation, self).map_err(|error| within(error, at)))
            .collect::<Result<Vec<_>, _>>()?;
        ctx.check(self.io.as_ref())?;
        let (mut targets, mut outcomes) = (Vec::new(), Vec::with_capacity(prepared.len()));
        for (at, prepared) in prepared.into_iter().enumerate() {
            match self.sequence(ctx, prepared) {
                Ok(sequenced) => {
                    targets.extend_from_slice(&sequenced.targets);
                    outcomes.push(sequenced.outcome());
                }
                Err(error) => {
                    drop(schema_stays);
                    // What came before stands, and becomes as durable as if it had come alone.
                    self.settle(&targets, wait)?;
                    return Err(within(error, at));
                }
            }
        }
        drop(schema_stays);
        self.settle(&targets, wait)?;
        Ok(outcomes)
    }

    /// Rows that a write may add, as it states them: it is not validated yet. What is above the limit is refused later.
    fn rows_stated(&self, operation: &WriteOp) -> u64 {
        let points = match operation {
            WriteOp::Upsert(upsert) => upsert.points.len(),
            WriteOp::UpdateVectors { points, .. } => points.len(),
            _ => 0,
        };
        points.min(self.limits.batch_points_max) as u64
    }

    /// Waits, if that is wanted, until everything named is durable and visible.
    fn settle(&self, targets: &[(usize, u64)], wait: Wait) -> Result<(), Error> {
        match wait {
            Wait::Durable => self.commit(targets)?,
            Wait::Accepted => self.signal.commit_soon(self),
        }
        self.signal.upkeep_soon(self);
        Ok(())
    }
}

fn within(error: Error, at: usize) -> Error {
    error.within(format_args!("operations[{at}]"))
}
