/**
 * A bag with one bz2 chunk of 20 strings on /chatter, at 10 s + i s + i ns. Node has no bzip2
 * encoder, so the bytes stand here; they were packed by Python's bz2 module.
 */
export const bz2Bag = new Uint8Array(
  Buffer.from(
    [
      'I1JPU0JBRyBWMi4wCkUAAAASAAAAaW5kZXhfcG9zPQAAAAAAAAAADwAAAGNvbm5fY291bnQ9AAAAABAAAABjaHVu',
      'a19jb3VudD0AAAAABAAAAG9wPQMEAAAAICAgICgAAAAPAAAAY29tcHJlc3Npb249YnoyBAAAAG9wPQUJAAAAc2l6',
      'ZT3yBAAAPwEAAEJaaDkxQVkmU1nK/Q7mAAGPe4B/////QYD/4ggAv+feoDABLM2YaSj1GhmBNQNGgAAAAB6gDU0j',
      'KP9VMgAA0AAAAZGhoBIpTKPRPUwQzU8pjTUMCNAANA9GkgQhmECESEzVGAILWAQY2OlFCiJKFJWliWqjWxwygirD',
      'Nzz0T14seSnLcQjCCLdU6EUAigv2wSSRUCGkj9aSIPG0CINttukEQgm222gQOooDNDy0OadWvZt3b+BJJJJL0k0R',
      'iFBPeWJSAlYYgagnIIWLCPsiYGAvelBQkUFBoCg0e1uxLPx+Bh3g88xvYqVXQiQgQcp6vL2TgCEciDtaAQoiBjhX',
      '5pC6CJSQEYj+hJOCLQIrkmBDv8CEVxJoQ5UIjQiyRIRuZZLBy3L0XQU8kfCWgRKyxujHHI2/xdyRThQkMr9DuYA=',
    ].join(''),
    'base64',
  ),
);
