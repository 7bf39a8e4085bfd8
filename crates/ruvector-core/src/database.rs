//! The database: a folder with a catalog and one folder a collection. Names never become paths.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard, RwLock};
use ruvector_io::{Io, Lock, ResidentBudget, Thread};
use ruvector_storage::{Catalog, CatalogEntry, FieldNumbers};
use ruvector_types::{CollectionConfig, Invalid, Limits, Problem};

use crate::aliases;
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
    names: RwLock<NameMap>,
    threads: Mutex<Vec<Thread>>,
    lock: Mutex<Option<Lock>>,
}

/// What every name stands for. Swapped as a whole where several names change at once.
#[derive(Debug, Default)]
pub(crate) struct NameMap {
    pub(crate) collections: BTreeMap<String, Collection>,
    /// Other names, each with the name of its collection. None is a collection's.
    pub(crate) aliases: BTreeMap<String, String>,
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
            filter_cache_bytes_max: options.filter_cache_bytes_max,
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
        let names = NameMap {
            collections,
            aliases: aliases::by_name(&catalog),
        };
        let inner = Inner {
            shared,
            catalog: Mutex::new(Some(catalog)),
            names: RwLock::new(names),
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

    /// Creates a collection; durable on return. Without vectors it holds payloads, until fields are added.
    pub fn create_collection(&self, name: &str, config: CollectionConfig) -> Result<(), Error> {
        self.check_name(name, "collection_name")?;
        self.check_config(&config)?;
        let mut slot = self.inner.catalog.lock();
        let catalog = slot.as_ref().ok_or_else(closed)?;
        if catalog.collections.iter().any(|entry| entry.name == name) {
            return Err(Error::exists(name));
        }
        if catalog.aliases.contains_key(name) {
            let text =
                format!("Can't create collection with name {name}. Alias with the same name already exists!");
            return Err(Error::new(ErrorKind::Invalid, "alias_exists", text));
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
            fields: FieldNumbers::of(&config),
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
        let mut names = self.inner.names.write();
        names.collections.insert(entry.name, Collection { core });
        Ok(())
    }

    /// Changes what the catalog says of a collection, durable on return; the collection knows it then too. A change that
    /// leaves all as it was writes nothing.
    pub(crate) fn change_entry<E: From<Error>>(
        &self,
        name: &str,
        change: impl FnOnce(&mut CatalogEntry, &Collection) -> Result<(), E>,
    ) -> Result<Collection, E> {
        let mut slot = self.inner.catalog.lock();
        let mut next = slot.clone().ok_or_else(closed)?;
        let collection = self.collection(name)?;
        let own_name = collection.name();
        let entry = next.collections.iter_mut().find(|entry| entry.name == own_name);
        let entry = entry.ok_or_else(|| Error::not_found(name))?;
        let before = entry.clone();
        change(entry, &collection)?;
        if *entry == before {
            return Ok(collection);
        }
        let entry = entry.clone();
        next.generation += 1;
        self.store(&next)?;
        *slot = Some(next);
        let core = &collection.core;
        core.adopt(entry);
        self.inner.shared.signal.upkeep_soon(core);
        Ok(collection)
    }

    /// Deletes a collection, its aliases and its files; durable on return. False if there was none of its own name: an
    /// alias is not looked behind. Handles to it answer
    /// `Unavailable` from then on.
    pub fn delete_collection(&self, name: &str) -> Result<bool, Error> {
        let mut slot = self.inner.catalog.lock();
        let mut next = slot.clone().ok_or_else(closed)?;
        let Some(at) = next.collections.iter().position(|entry| entry.name == name) else {
            return Ok(false);
        };
        let entry = next.collections.remove(at);
        next.aliases.retain(|_, id| *id != entry.id);
        next.generation += 1;
        self.store(&next)?;
        let aliases = aliases::by_name(&next);
        *slot = Some(next);
        let removed = {
            let mut names = self.inner.names.write();
            names.aliases = aliases;
            names.collections.remove(name)
        };
        if let Some(collection) = removed {
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

    /// All names of collections, sorted; aliases are not among them.
    pub fn collection_names(&self) -> Vec<String> {
        self.inner.names.read().collections.keys().cloned().collect()
    }

    /// A handle to the collection of that name or alias. It stays with that collection when the alias moves on.
    pub fn collection(&self, name: &str) -> Result<Collection, Error> {
        let names = self.inner.names.read();
        let found = names.collections.get(names.resolve(name)).cloned();
        found.ok_or_else(|| Error::not_found(name))
    }

    /// One bounded piece of maintenance in every collection; false if there was none. For databases opened
    /// without maintenance threads.
    pub fn step(&self) -> Result<bool, Error> {
        let collections: Vec<Collection> = self.inner.names.read().collections.values().cloned().collect();
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

    pub(crate) fn catalog(&self) -> MutexGuard<'_, Option<Catalog>> {
        self.inner.catalog.lock()
    }

    pub(crate) fn names(&self) -> &RwLock<NameMap> {
        &self.inner.names
    }

    pub(crate) fn store(&self, catalog: &Catalog) -> Result<(), Error> {
        catalog
            .store(self.inner.shared.io.as_ref(), "")
            .map_err(|error| Error::storage("storing the catalog", error))
    }

    pub(crate) fn check_name(&self, name: &str, field: &str) -> Result<(), Invalid> {
        let bytes_max = self.inner.shared.limits.collection_name_bytes_max;
        if name.is_empty() {
            return Err(Invalid::new(field, Problem::Empty));
        }
        if name.len() > bytes_max {
            let (given, limit) = (name.len() as u64, bytes_max as u64);
            let problem = Problem::AboveLimit {
                given,
                limit,
                limit_name: "collection_name_bytes_max",
            };
            return Err(Invalid::new(field, problem));
        }
        let forbidden = |c: char| c.is_control() || "<>:\"/\\|?*".contains(c);
        if name.contains(forbidden) || name == "." || name == ".." {
            let rule = "a collection name has no control characters, none of < > : \" / \\ | ? *, and is not . or ..";
            return Err(Invalid::new(field, Problem::BadName { rule }));
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
        for collection in std::mem::take(&mut *self.names.write()).collections.into_values() {
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

pub(crate) fn closed() -> Error {
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
