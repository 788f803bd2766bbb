"""What the tests of the semantics share: exact arithmetic, operands, matrix layouts."""
