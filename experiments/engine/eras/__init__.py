"""What a study shows of the ages it tells apart."""
