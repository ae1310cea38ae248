"""What people see of a search: its page and charts, the terminal, TensorBoard."""
