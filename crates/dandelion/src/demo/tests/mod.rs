mod history;
mod life;
