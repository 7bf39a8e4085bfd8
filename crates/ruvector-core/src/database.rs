//! The database: a folder with a catalog and one folder a collection. Names never become paths.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use ruvector_io::{Io, Lock, ResidentBudget, Thread};
use ruvector_storage::{Catalog, CatalogEntry};
use ruvector_types::{CollectionConfig, Invalid, Limits, Problem, QuantizationConfig};

use crate::collection::{Collection, Core};
use crate::maintenance::{self, Signal};
use crate::open::Shared;
use crate::{Ctx, DatabaseOptions, Error, ErrorKind};

/// Folder of the collections' folders, each named by the collection's number.
const COLLECTIONS_DIR: &str = "collections";
/// Held while the database is open.
const LOCK_FILE: &str = "LOCK";

/// An open database. Clones are handles to the same one; it closes with [`Database::close`] or the last handle.
#[derive(Clone, Debug)]
pub struct Database {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Shared,
    /// Held through a creation or deletion; `None` once closed.
    catalog: Mutex<Option<Catalog>>,
    collections: RwLock<BTreeMap<String, Collection>>,
    threads: Mutex<Vec<Thread>>,
    lock: Mutex<Option<Lock>>,
}

impl Database {
    /// Opens the database at the root of `io`, or makes one there. Nothing is rebuilt: the cost is reading
    /// manifests and replaying logs, a few megabytes a shard at most.
    ///
    /// A collection with damage is opened without the damaged parts and reports them; one whose manifest or log
    /// is damaged refuses everything but its description and deletion.
    pub fn open(io: Arc<dyn Io>, options: DatabaseOptions) -> Result<Database, Error> {
        let lock = io
            .lock(LOCK_FILE)
            .map_err(|error| Error::io("the storage folder is in use", error))?;
        io.create_dir(COLLECTIONS_DIR)
            .and_then(|()| io.sync_dir(""))
            .map_err(|error| Error::io("making the storage folder", error))?;
        let catalog = Catalog::load(io.as_ref(), "")
            .map_err(|error| Error::storage("reading the catalog", error))?
            .unwrap_or_default();
        let half_of_memory = || io.memory().physical_bytes / 2;
        let promoted_bytes_max = options.promoted_bytes_max.unwrap_or_else(half_of_memory);
        let build_threads_max = match options.build_threads_max {
            0 => io.processors(),
            threads => threads,
        };
        let shared = Shared {
            build_threads_max,
            io,
            promoted_budget: ResidentBudget::new(promoted_bytes_max),
            limits: Arc::new(options.limits),
            signal: Arc::new(Signal::default()),
        };
        let (io, signal) = (shared.io.as_ref(), &shared.signal);
        remove_stray_folders(io, &catalog)?;
        let mut collections = BTreeMap::new();
        for entry in &catalog.collections {
            let core = Core::open(&shared, entry, folder(entry.id));
            collections.insert(entry.name.clone(), Collection { core });
        }
        let threads = maintenance::start(&shared.io, signal, options.maintenance_threads)
            .map_err(|error| Error::io("starting the maintenance threads", error))?;
        for collection in collections.values() {
            signal.upkeep_soon(&collection.core);
        }
        let inner = Inner {
            shared,
            catalog: Mutex::new(Some(catalog)),
            collections: RwLock::new(collections),
            threads: Mutex::new(threads),
            lock: Mutex::new(Some(lock)),
        };
        Ok(Database {
            inner: Arc::new(inner),
        })
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.inner.shared.limits
    }

    /// A context that ends `timeout` from now.
    pub fn deadline_in(&self, timeout: Duration) -> Ctx {
        Ctx {
            deadline: Some(self.inner.shared.io.monotonic() + timeout),
            ..Ctx::default()
        }
    }

    /// Creates a collection; durable on return.
    pub fn create_collection(&self, name: &str, config: CollectionConfig) -> Result<(), Error> {
        self.check_name(name)?;
        config.validate(&self.inner.shared.limits)?;
        let mut slot = self.inner.catalog.lock();
        let catalog = slot.as_ref().ok_or_else(closed)?;
        if catalog.collections.iter().any(|entry| entry.name == name) {
            let text = format!("collection {name:?} exists already");
            return Err(Error::new(ErrorKind::Conflict, "collection_exists", text));
        }
        if catalog.collections.len() >= self.inner.shared.limits.collections_max {
            let text = format!(
                "{} collections are the limit (collections_max)",
                self.inner.shared.limits.collections_max
            );
            return Err(Error::new(ErrorKind::LimitExceeded, "collections_max", text));
        }
        let mut next = catalog.clone();
        let entry = CatalogEntry {
            id: next.next_collection,
            name: name.to_owned(),
            config,
            next_index: 0,
            indexes: Vec::new(),
        };
        next.next_collection += 1;
        next.generation += 1;
        next.collections.push(entry.clone());
        let core = Core::create(&self.inner.shared, &entry, folder(entry.id))?;
        self.store(&next)?;
        *slot = Some(next);
        self.inner
            .collections
            .write()
            .insert(entry.name, Collection { core });
        Ok(())
    }

    /// Changes how vector fields are quantized, by name; `None` is not at all. Durable on return; the codes are made in
    /// the background, and searches use what there is meanwhile. What is not named stays.
    pub fn update_quantization(
        &self,
        name: &str,
        changes: &BTreeMap<String, Option<QuantizationConfig>>,
    ) -> Result<(), Error> {
        self.change_entry(name, |entry, collection| {
            for (vector, quantization) in changes {
                collection.core.field(vector, "vectors")?;
                match entry.config.vectors.get_mut(vector) {
                    Some(config) => config.quantization = *quantization,
                    None if quantization.is_none() => {}
                    None => {
                        let rule = "sparse vectors have no codes";
                        let place = format!("vectors.{vector}");
                        return Err(Invalid::new(place, Problem::Contradiction { rule }).into());
                    }
                }
            }
            entry.config.validate(&self.inner.shared.limits)?;
            Ok(())
        })?;
        Ok(())
    }

    /// Changes what the catalog says of a collection, durable on return; the collection knows it then too.
    pub(crate) fn change_entry(
        &self,
        name: &str,
        change: impl FnOnce(&mut CatalogEntry, &Collection) -> Result<(), Error>,
    ) -> Result<Collection, Error> {
        let mut slot = self.inner.catalog.lock();
        let mut next = slot.clone().ok_or_else(closed)?;
        let collection = self.collection(name)?;
        let entry = next.collections.iter_mut().find(|entry| entry.name == name);
        let entry = entry.ok_or_else(|| Error::not_found(name))?;
        change(entry, &collection)?;
        let entry = entry.clone();
        next.generation += 1;
        self.store(&next)?;
        *slot = Some(next);
        let core = &collection.core;
        let by_field = crate::open::quantization_by_field(&entry.config);
        core.quantization.store(Arc::new(by_field));
        core.indexes.store(Arc::new(entry.indexes));
        self.inner.shared.signal.upkeep_soon(core);
        Ok(collection)
    }

    /// Deletes a collection and its files; durable on return. False if there was none. Handles to it answer
    /// `Unavailable` from then on.
    pub fn delete_collection(&self, name: &str) -> Result<bool, Error> {
        let mut slot = self.inner.catalog.lock();
        let mut next = slot.clone().ok_or_else(closed)?;
        let Some(at) = next.collections.iter().position(|entry| entry.name == name) else {
            return Ok(false);
        };
        let entry = next.collections.remove(at);
        next.generation += 1;
        self.store(&next)?;
        *slot = Some(next);
        if let Some(collection) = self.inner.collections.write().remove(name) {
            // What was not committed is deleted with the rest: an error of the last commit changes nothing.
            let _ = collection.core.close();
        }
        let folder = folder(entry.id);
        self.inner
            .shared
            .io
            .remove_dir_all(&folder)
            .map_err(|error| Error::io("the collection is deleted; removing its files failed", error))?;
        Ok(true)
    }

    /// All names, sorted.
    pub fn collection_names(&self) -> Vec<String> {
        self.inner.collections.read().keys().cloned().collect()
    }

    /// A handle to a collection.
    pub fn collection(&self, name: &str) -> Result<Collection, Error> {
        self.inner
            .collections
            .read()
            .get(name)
            .cloned()
            .ok_or_else(|| Error::not_found(name))
    }

    /// One bounded piece of maintenance in every collection; false if there was none. For databases opened
    /// without maintenance threads.
    pub fn step(&self) -> Result<bool, Error> {
        let collections: Vec<Collection> = self.inner.collections.read().values().cloned().collect();
        let mut worked = false;
        for collection in collections {
            worked |= collection.step()?;
        }
        Ok(worked)
    }

    /// Commits everything appended, stops the maintenance threads and lets go of the folder. Later calls answer
    /// `Unavailable`. The first error is returned after all was tried.
    pub fn close(&self) -> Result<(), Error> {
        self.inner.close()
    }

    fn store(&self, catalog: &Catalog) -> Result<(), Error> {
        catalog
            .store(self.inner.shared.io.as_ref(), "")
            .map_err(|error| Error::storage("storing the catalog", error))
    }

    fn check_name(&self, name: &str) -> Result<(), Invalid> {
        let bytes_max = self.inner.shared.limits.collection_name_bytes_max;
        if name.is_empty() {
            return Err(Invalid::new("collection_name", Problem::Empty));
        }
        if name.len() > bytes_max {
            let (given, limit) = (name.len() as u64, bytes_max as u64);
            let problem = Problem::AboveLimit {
                given,
                limit,
                limit_name: "collection_name_bytes_max",
            };
            return Err(Invalid::new("collection_name", problem));
        }
        let forbidden = |c: char| c.is_control() || "<>:\"/\\|?*".contains(c);
        if name.contains(forbidden) || name == "." || name == ".." {
            let rule = "a collection name has no control characters, none of < > : \" / \\ | ? *, and is not . or ..";
            return Err(Invalid::new("collection_name", Problem::BadName { rule }));
        }
        Ok(())
    }
}

impl Inner {
    fn close(&self) -> Result<(), Error> {
        let mut slot = self.catalog.lock();
        if slot.take().is_none() {
            return Ok(());
        }
        self.shared.signal.stop();
        for thread in self.threads.lock().drain(..) {
            thread.join();
        }
        let mut outcome = Ok(());
        for collection in std::mem::take(&mut *self.collections.write()).into_values() {
            outcome = outcome.and(collection.core.close());
        }
        self.lock.lock().take();
        outcome
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Everything acknowledged is durable already; nobody is left to tell of an error.
        let _ = self.close();
    }
}

fn folder(id: u64) -> String {
    format!("{COLLECTIONS_DIR}/{id:08}")
}

fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "closed", "the database is closed")
}

/// Removes the folders that the catalog does not name: of collections deleted, or created half.
fn remove_stray_folders(io: &dyn Io, catalog: &Catalog) -> Result<(), Error> {
    let failed = |error| Error::io("removing folders of deleted collections", error);
    for found in io.list(COLLECTIONS_DIR).map_err(failed)? {
        let path = format!("{COLLECTIONS_DIR}/{}", found.name);
        if found.is_dir && !catalog.collections.iter().any(|entry| folder(entry.id) == path) {
            io.remove_dir_all(&path).map_err(failed)?;
        }
    }
    Ok(())
}
