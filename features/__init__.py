"""Files on disk become arrays with labels; nothing here knows models or experiments."""
