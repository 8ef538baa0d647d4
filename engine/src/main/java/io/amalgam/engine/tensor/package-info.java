/** What is done to one output tensor: where its inputs lie, by which method it is made of them, and how it is stored. */
package io.amalgam.engine.tensor;
