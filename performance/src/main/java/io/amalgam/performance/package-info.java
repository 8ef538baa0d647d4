/** Measurements: kernels by JMH ({@code ./amalgam bench kernels}), and MergeKit side by side ({@code ./amalgam bench peer}). */
package io.amalgam.performance;
