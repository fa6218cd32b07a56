"""What was measured, over time: of classes and images, layers and filters, and scalars."""
