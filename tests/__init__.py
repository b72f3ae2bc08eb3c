"""Tests of Guerdon."""
