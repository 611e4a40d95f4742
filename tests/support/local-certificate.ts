import { readFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { repositoryRoot } from './import-graph.ts';

const folder = path.join(repositoryRoot, 'tests/fixtures/tls');

/**
 * A self-made certificate for localhost and its key, which is as secret as this repository. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 18250 -subj /CN=localhost -addext
 * subjectAltName=DNS:localhost,IP:127.0.0.1`.
 */
export const localCertificate = {
  certFile: path.join(folder, 'localhost-cert.pem'),
  keyFile: path.join(folder, 'localhost-key.pem'),
  cert: readFileSync(path.join(folder, 'localhost-cert.pem'), 'utf8'),
  key: readFileSync(path.join(folder, 'localhost-key.pem'), 'utf8'),
};

/** Lets this process trust it: SDKs of Azure speak HTTPS only. */
export const trustLocalCertificate = (): void =>
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), localCertificate.cert]);
