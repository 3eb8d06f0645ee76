//! How memory is had from the system.

/// Lets the threads take memory from one place of the C library a core instead of from eight. Each place keeps the most
/// that was ever needed there: asked to read a thousand sources, the program came to hold 212 MiB where it holds 174 so,
/// and it grew for as long as there was a thread left that had not had its rush. Whoever sets `MALLOC_ARENA_MAX` knows
/// better.
///
/// To be called before there is a second thread. Only the GNU C library has such places (`mallopt(3)`).
pub fn shared_by_all_threads() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os("MALLOC_ARENA_MAX").is_none() {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).max(2);
        // SAFETY: `mallopt` takes two numbers and touches nothing of ours. Where it fails, all stays as it was.
        #[expect(unsafe_code, reason = "the C library offers this in no other way")]
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, i32::try_from(cores).unwrap_or(i32::MAX));
        }
    }
}
