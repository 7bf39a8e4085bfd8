//! Files in memory with two places to hook in: before a file is created, and where the clock is read. Never changes what
//! is stored.

/// Makes a struct with a field of type `ruvector_io::MemIo` an `Io`: calls go to the field, `create` after the struct's own
/// `before_create(&self, path: &str)`, `monotonic` through its `clock(&self, now: Duration) -> Duration`. Whoever uses it
/// depends on `ruvector-io`.
#[macro_export]
macro_rules! hooked_io {
    ($name:ident.$files:ident) => {
        impl ::ruvector_io::Io for $name {
            fn create(
                &self,
                path: &str,
            ) -> Result<::std::sync::Arc<dyn ::ruvector_io::File>, ::ruvector_io::IoError> {
                self.before_create(path);
                ::ruvector_io::Io::create(&self.$files, path)
            }

            fn monotonic(&self) -> ::std::time::Duration {
                self.clock(::ruvector_io::Io::monotonic(&self.$files))
            }

            $crate::passed_on! { $files
                create_dir(path: &str) -> Result<(), ::ruvector_io::IoError>;
                remove_dir_all(path: &str) -> Result<(), ::ruvector_io::IoError>;
                list(path: &str) -> Result<Vec<::ruvector_io::DirEntry>, ::ruvector_io::IoError>;
                sync_dir(path: &str) -> Result<(), ::ruvector_io::IoError>;
                rename(from: &str, to: &str) -> Result<(), ::ruvector_io::IoError>;
                remove(path: &str) -> Result<(), ::ruvector_io::IoError>;
                len(path: &str) -> Result<Option<u64>, ::ruvector_io::IoError>;
                open_append(path: &str)
                    -> Result<::std::sync::Arc<dyn ::ruvector_io::File>, ::ruvector_io::IoError>;
                read(path: &str, bytes_max: u64) -> Result<Vec<u8>, ::ruvector_io::IoError>;
                map(path: &str) -> Result<::ruvector_io::Region, ::ruvector_io::IoError>;
                allocate_resident(name: &str, room: ::ruvector_io::ResidentRoom)
                    -> Result<Option<::ruvector_io::ResidentBuffer>, ::ruvector_io::IoError>;
                hard_link(from: &str, to: &str) -> Result<(), ::ruvector_io::IoError>;
                disk_bytes(path: &str) -> Result<u64, ::ruvector_io::IoError>;
                lock(path: &str) -> Result<::ruvector_io::Lock, ::ruvector_io::IoError>;
                wall_clock_ms() -> u64;
                random_u64() -> u64;
                spawn(name: &str, work: Box<dyn FnOnce() + Send>)
                    -> Result<::ruvector_io::Thread, ::ruvector_io::IoError>;
                memory() -> ::ruvector_io::MemoryUse;
            }
        }
    };
}

/// Methods that call those of a field.
#[macro_export]
#[doc(hidden)]
macro_rules! passed_on {
    ($files:ident $($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $kind),*) -> $answer {
            ::ruvector_io::Io::$name(&self.$files, $($argument),*)
        })*
    };
}
