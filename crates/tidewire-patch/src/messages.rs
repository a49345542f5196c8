//! The messages of a tick, in buffers that are used again in the next one.

#[derive(Clone, Debug)]
pub(crate) struct Messages {
    /// Those of this tick, and behind them what earlier ones left.
    buffers: Vec<Vec<u8>>,
    count: usize,
}

impl Default for Messages {
    fn default() -> Self {
        Self { buffers: vec![Vec::with_capacity(SHORT)], count: 0 }
    }
}

impl Messages {
    /// Begins a tick.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// An empty message at the end.
    pub(crate) fn add(&mut self) -> &mut Vec<u8> {
        if self.count == self.buffers.len() {
            self.buffers.push(Vec::with_capacity(SHORT));
        }
        let message = &mut self.buffers[self.count];
        self.count += 1;
        message.clear();
        // What one tick needed once should not be held forever.
        if message.capacity() > LONG {
            message.shrink_to(LONG);
        }
        message
    }

    /// Those of this tick, in order.
    pub(crate) fn all(&self) -> &[Vec<u8>] {
        &self.buffers[..self.count]
    }
}

/// How long most messages are at most, in bytes.
const SHORT: usize = 48;

/// How much memory a buffer keeps, in bytes.
const LONG: usize = 512;
