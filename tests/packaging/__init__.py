"""What is installed: two wheels, each extra alone, and what is declared."""
