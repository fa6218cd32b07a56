"""What the histories of the validation images say of the data: doubtful labels, and others."""
