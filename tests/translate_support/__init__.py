"""What the translator's tests share: encodings, a machine to run code on, and a reference wave."""
