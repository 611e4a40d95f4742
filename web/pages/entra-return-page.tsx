import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { takeReturnAddress } from '../api/entra-address.ts';
import { readEntraAnswer } from '../api/use-entra.ts';
import { useSession, useSignIn } from '../api/use-session.ts';
import { Loading } from '../parts/notices.tsx';
import { SignInPage } from './sign-in-page.tsx';

/** Where Entra sends people back to: makes a session of its answer and leads to the page that they came from. */
export const EntraReturnPage = () => {
  const [, navigate] = useLocation();
  const { mutateAsync: signIn } = useSignIn();
  const isSignedIn = useSession().data != null;
  const [fault, setFault] = useState<unknown>(null);
  const goBack = () => navigate(takeReturnAddress(), { replace: true });

  useEffect(() => {
    document.title = 'Signing in · study-query-llm';
    const finish = async () => {
      const entraToken = await readEntraAnswer();
      if (entraToken !== null) await signIn({ entraToken });
      navigate(takeReturnAddress(), { replace: true });
    };
    finish().catch(setFault);
  }, [navigate, signIn]);

  if (fault === null) return <Loading rows={3} />;
  return <SignInPage fault={fault} onSignedIn={goBack} onBack={isSignedIn ? goBack : undefined} />;
};
