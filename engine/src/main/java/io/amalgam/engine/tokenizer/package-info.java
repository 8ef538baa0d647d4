/**
 * Output vocabularies: which tokens they have, which row of each model is which token's, and the files that say so.
 *
 * <p>Tokenizers are never run here: merging needs only what is in {@code tokenizer.json}, which is read as a stream, so
 * that a vocabulary of 256,000 tokens takes a second and no more memory than its maps.
 */
package io.amalgam.engine.tokenizer;
