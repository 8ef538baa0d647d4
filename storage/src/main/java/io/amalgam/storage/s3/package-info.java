/** S3, and whatever speaks its protocol, by Amazon's SDK: all that knows the SDK is in here. */
package io.amalgam.storage.s3;
